"""Make healthy stores by the real engine, each unusual in one way; those in `tests/captures/stores/` were made so.

    python samples/unusual.py [NAME ...]

Needs root and what `samples/stores/volume.py` lists, for some stores also fuse-overlayfs, newuidmap or mkfs.btrfs. What
a store is made by is in its function; nothing in it is edited.
"""

from __future__ import annotations

import contextlib
import pathlib
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from stores import catalogue, populate
from stores.catalogue import HOST
from stores.node import Node
from stores.oci import Entry, Image
from stores.registry import loopback_registry
from stores.volume import xfs_volume

if TYPE_CHECKING:
    from collections.abc import Iterator

STORES = pathlib.Path(__file__).parents[1] / "tests/captures/stores"
BASE, WEB, DB, API = "base/os:9.4", "shop/web:1.4", "data/db:15", "shop/api:2.0"
WRITE = (
    "echo changed >>$at/etc/passwd; rm $at/etc/os-release; rm -r $at/usr/share/zoneinfo; mkdir $at/usr/share/zoneinfo"
)
AS_USER = """set -e
mount -t tmpfs tmpfs /mnt
printf 'root:x:0:0::/root:/bin/sh\\napp:x:1000:1000::/var/lib/app:/bin/sh\\n' >/mnt/passwd
echo "app:100000:65536" >/mnt/ids
mount --bind /mnt/passwd /etc/passwd; mount --bind /mnt/ids /etc/subuid; mount --bind /mnt/ids /etc/subgid
chmod 1777 /dev/shm; mkdir -p /run/user/1000; chown 1000:1000 /run/user/1000 /var/lib/app
cd /var/lib/app
exec setpriv --reuid 1000 --regid 1000 --clear-groups env HOME=/var/lib/app XDG_RUNTIME_DIR=/run/user/1000 sh -ec "$1"
"""


def node(volume: pathlib.Path, registry: str, name: str, driver: str = "overlay", options: str = "") -> Node:
    """Make a node whose storage.conf has a driver and further options."""
    made = Node.create(volume / name, registry)
    conf = made.home / "etc/containers/storage.conf"
    conf.write_text(conf.read_text().replace('"overlay"', f'"{driver}"') + options)
    return made


def fill(made: Node, registry: str, *names: str) -> None:
    """Pull images, make a container of the last, write into it, and a volume."""
    images = catalogue.images()
    populate.push(made, registry, {name: images[name] for name in names})
    populate.pull(made, names)
    made.run("podman", "volume", "create", "data")
    made.run("podman", "create", "-q", "--network=none", "--name", "one", "-v", "data:/srv", f"{HOST}/{names[-1]}")
    made.run("sh", "-ec", f"at=$(podman mount one); {WRITE}; podman umount one")


def vfs(volume: pathlib.Path, registry: str) -> Node:
    """Full copies: no `l`, no `link`, a directory is the whole file system."""
    made = node(volume, registry, "vfs", "vfs")
    fill(made, registry, BASE, DB)
    return made


def btrfs(volume: pathlib.Path, registry: str) -> Node:
    """Subvolumes."""
    made = node(volume, registry, "btrfs", "btrfs")
    fill(made, registry, BASE, DB)
    return made


def fuse(volume: pathlib.Path, registry: str) -> Node:
    """Unpacked and mounted by fuse-overlayfs: whiteouts of images are files."""
    made = node(
        volume, registry, "fuse", options='[storage.options.overlay]\nmount_program = "/usr/bin/fuse-overlayfs"\n'
    )
    fill(made, registry, BASE, API)
    return made


def rootless(volume: pathlib.Path, registry: str) -> Node:
    """A user's store with ids of /etc/subuid and `user.` attributes."""
    made = node(volume, registry, "rootless")
    images = catalogue.images()
    populate.push(made, registry, {name: images[name] for name in (BASE, API)})
    (made.home / "var/lib/app").mkdir()
    script = "; ".join(
        [
            *(f"podman pull -q {HOST}/{name}" for name in (BASE, API)),
            f"podman create -q --network=none --name one {HOST}/{API}",
            f"podman unshare sh -ec 'at=$(podman mount one); {WRITE}; podman umount one'",
        ]
    )
    # the storage.conf of root names root's graph root
    (made.home / "etc/containers/storage.conf").unlink()
    made.run("sh", "-c", AS_USER, "sh", script)
    return made


def keepid(volume: pathlib.Path, registry: str) -> Node:
    """A user's container that keeps the user's id: of a layer copied for it, files of unchanged owners stay below.

    The last layer's tar implies a directory: the engine makes it anew, and it hides that of the layer below.
    """
    made = node(volume, registry, "keepid")
    layers = [
        [Entry("etc/"), Entry("etc/passwd", b"root:x:0:0::/:/bin/sh\n"), Entry("tmp/", mode=0o1777)],
        [
            Entry("app/", owner=1001, mode=0o750),
            Entry("app/own", b"own\n", owner=1001),
            Entry("app/of-root", b"root\n"),
        ],
        [Entry("app/implied/new", b"new\n")],
    ]
    populate.push(made, registry, {"keep/app:1": [Image(layers)]})
    (made.home / "var/lib/app").mkdir()
    script = f"podman pull -q {HOST}/keep/app:1; podman create -q --network=none --userns=keep-id {HOST}/keep/app:1"
    (made.home / "etc/containers/storage.conf").unlink()
    made.run("sh", "-c", AS_USER, "sh", script)
    return made


def userns(volume: pathlib.Path, registry: str) -> Node:
    """Containers with ids of their own: copies of the image's layers, chowned, or mapped by the kernel."""
    made = node(volume, registry, "userns")
    fill(made, registry, BASE, DB)
    for number, size in enumerate((200000, 300000)):
        flags = [f"--uidmap=0:{size}:5000", f"--gidmap=0:{size}:5000"]
        made.run("podman", "create", "-q", "--network=none", "--name", f"mapped{number}", *flags, f"{HOST}/{DB}")
    return made


def additional(volume: pathlib.Path, registry: str) -> Node:
    """Images in a shared read-only store, containers and one further image in the node's own."""
    shared = "/var/lib/shared"
    made = node(volume, registry, "additional")
    images = catalogue.images()
    populate.push(made, registry, {name: images[name] for name in (BASE, API, WEB)})
    for name in (BASE, API):
        made.run("podman", "--root", shared, "--runroot", "/run/shared", "pull", "-q", f"{HOST}/{name}")
    conf = made.home / "etc/containers/storage.conf"
    conf.write_text(conf.read_text() + f'[storage.options]\nadditionalimagestores = ["{shared}"]\n')
    made.run("podman", "pull", "-q", f"{HOST}/{WEB}")
    made.run("podman", "create", "-q", "--network=none", "--name", "one", f"{HOST}/{API}")
    made.run("podman", "create", "-q", "--network=none", "--name", "two", f"{HOST}/{WEB}")
    return made


def builds(volume: pathlib.Path, registry: str) -> Node:
    """Built by podman with intermediate images, and committed from a container; one pull was replaced."""
    made = node(volume, registry, "builds")
    fill(made, registry, BASE, WEB)
    context = made.home / "var/lib/context"
    context.mkdir()
    (context / "a").write_text("a\n")
    (context / "Containerfile").write_text(f"FROM {HOST}/{BASE}\nCOPY a /srv/a\nCOPY a /srv/b\nLABEL x=y\n")
    made.run("podman", "build", "-q", "--layers", "-t", f"{HOST}/built:1", "/var/lib/context")
    (context / "Containerfile").write_text("FROM scratch\nCOPY a /a\n")
    made.run("podman", "build", "-q", "-t", f"{HOST}/scratch:1", "/var/lib/context")
    made.run("podman", "commit", "-q", "one", f"{HOST}/committed:1")
    made.run("buildah", "from", "--name", "open", f"{HOST}/built:1")
    made.run("podman", "rmi", f"{HOST}/scratch:1")
    return made


def odd(volume: pathlib.Path, registry: str) -> Node:
    """Layers of odd entries: no parents, names as long as they go, names that a store uses, whiteouts of nothing."""
    made = node(volume, registry, "odd")
    deep = "n" * 90 + "/" + "m" * 90
    layers = [
        [Entry("a/b/c/file", b"1"), Entry("a/b/hard", hard="a/b/c/file"), Entry(f"{deep}/x", b"deep")],
        [Entry("only/.wh.missing"), Entry("a/.wh.b"), Entry("empty/"), Entry("s", link="/nowhere" * 20)],
        [Entry("=b64", b"x" * 5000), Entry("lower", b"l"), Entry("diff/", mode=0o1777), Entry("diff/link", b"y")],
        [],
    ]
    populate.push(made, registry, {"odd/one:1": [Image(layers)], "odd/two:1": [Image(layers[:1])]})
    populate.pull(made, ("odd/one:1", "odd/two:1"))
    made.run("podman", "create", "-q", "--network=none", "--name", "one", f"{HOST}/odd/one:1")
    return made


def fresh(volume: pathlib.Path, registry: str) -> Node:
    """Never used: an engine only looked."""
    made = node(volume, registry, "fresh")
    made.run("podman", "images")
    return made


def emptied(volume: pathlib.Path, registry: str) -> Node:
    """Everything was removed by the engine."""
    made = node(volume, registry, "emptied")
    fill(made, registry, BASE, DB)
    made.run("podman", "rm", "-a")
    made.run("podman", "rmi", "-a")
    return made


MAKERS = {
    each.__name__: each
    for each in (vfs, btrfs, fuse, rootless, keepid, userns, additional, builds, odd, fresh, emptied)
}


@contextlib.contextmanager
def btrfs_volume() -> Iterator[pathlib.Path]:
    """Yield the mount point of a fresh btrfs."""
    with tempfile.TemporaryDirectory(prefix="btrfs-volume-") as work:
        image, mount_point = pathlib.Path(work, "disk.img"), pathlib.Path(work, "mnt")
        mount_point.mkdir()
        with image.open("wb") as disk:
            disk.truncate(1 << 29)
        subprocess.run(["mkfs.btrfs", "-q", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, mount_point], check=True)
        try:
            yield mount_point
        finally:
            subprocess.run(["umount", "-R", mount_point], check=True)


def main(names: list[str]) -> None:
    """Make stores and write their bundles."""
    for name in names or MAKERS:
        with btrfs_volume() if name == "btrfs" else xfs_volume() as volume, loopback_registry() as registry:
            made = MAKERS[name](volume, registry)
            bundle = STORES / f"{name}.tar.zst"
            command = ["tar", "-cf", bundle, "--use-compress-program=zstd -19", "--numeric-owner", "--sort=name"]
            command += ["--xattrs", "--xattrs-include=*", "--exclude=var/lib/context", "-C", made.home]
            tops = [top for top in ("etc/containers", "var/lib", "run") if (made.home / top).exists()]
            subprocess.run([*command, *tops], check=True)
            print(bundle, bundle.stat().st_size)


if __name__ == "__main__":
    main(sys.argv[1:])
