"""Further healthy stores: other drivers, mapped ids, odd files, builds, removals, pulls in flight.

Like those of `benchmarks.accuracy.shapes`, each is made by the real engines, twice, with nothing in common between the
two series.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from stores import populate
from stores.node import Node
from stores.oci import Entry, Image

from benchmarks.accuracy.content import CAPABILITY, HOST, OTHER, PREFIX, SEED, catalogue
from benchmarks.accuracy.shapes import Made

STORAGE = "/var/lib/containers/storage"
CAPTURED = ("var/lib/containers/storage",)
_CONF = """[storage]
driver = "{driver}"
graphroot = "{root}"
runroot = "/run/containers/storage"
{options}
"""


def _configured(home: Path, address: str, driver: str = "overlay", options: str = "", root: str = STORAGE) -> Node:
    node = Node.create(home, address)
    (home / "etc/containers/storage.conf").write_text(_CONF.format(driver=driver, root=root, options=options))
    return node


def _filled(node: Node, address: str, series: str, captured: tuple[str, ...] = CAPTURED) -> Made:
    """Pull the series' images, commit one more, and leave two containers, one of them written into."""
    goods = catalogue(series)
    populate.push(node, address, goods.images)
    populate.pull(node, [goods.base, *goods.applications[:2], goods.pause])
    for number, name in enumerate((goods.applications[0], goods.base)):
        made = node.run("podman", "create", "--network=none", "--name", f"{series}{number}", f"{HOST}/{name}")
        if number == 0:
            _write_into(node, made)
    return Made(series, "", node, goods, captured)


def _write_into(node: Node, container: str) -> None:
    """Write into a container of podman's; containers-storage may choose another driver than the configured one."""
    script = 'set -e; at=$(podman mount "$0"); echo new >> "$at/etc/hosts"; rm -r "$at/home"; '
    node.run("sh", "-c", script + 'mkdir "$at/home"; podman umount "$0"', container)


def vfs_host(home: Path, address: str, series: str) -> Made:
    """Every layer is a full copy of all below it."""
    return _filled(_configured(home, address, "vfs"), address, series, (*CAPTURED, "etc/containers"))


def fuse_host(home: Path, address: str, series: str) -> Made:
    """fuse-overlayfs: whiteouts of images are files, and the mark says that a program mounts."""
    options = '[storage.options.overlay]\nmount_program = "/usr/bin/fuse-overlayfs"'
    return _filled(_configured(home, address, options=options), address, series, (*CAPTURED, "etc/containers"))


def mapped_host(home: Path, address: str, series: str) -> Made:
    """Containers in user name spaces of their own, beside one in that of the host."""
    node = _configured(home, address)
    made = _filled(node, address, series)
    for number, first in enumerate((100_000, 300_000)):
        flags = [f"--{kind}map=0:{first}:65536" for kind in ("uid", "gid")]
        name = f"{HOST}/{made.goods.applications[number]}"
        node.run("podman", "create", "--network=none", *flags, "--name", f"{series}-mapped{number}", name)
    return made


def odd_host(home: Path, address: str, series: str) -> Made:
    """Layers with everything a tar may hold: no parent entries, devices, odd names and times, links, marks."""
    node = _configured(home, address)
    dice, prefix = random.Random(SEED[series] + 100), PREFIX[series]
    long = f"{prefix}-" + "n" * 180
    first = [
        Entry(f"usr/share/doc/{prefix}/copyright", b"(c) nobody\n"),
        Entry("opt/ space name", dice.randbytes(50)),
        Entry("opt/\u00fcml\u00e4ut", dice.randbytes(60)),
        Entry("opt/new\nline", dice.randbytes(61)),
        Entry("opt/to-new-line", link="new\nline"),
        Entry(f"opt/{long}/{long}", dice.randbytes(70)),
        Entry("opt/empty"),
        Entry("opt/deep/" + "d/" * 40 + "file", dice.randbytes(44)),
        Entry("srv/huge", dice.randbytes(45), owner=4_294_967_294),
        Entry("srv/many", dice.randbytes(46), owner=70_000),
        Entry("srv/su", dice.randbytes(47), mode=0o6755),
        Entry("srv/sticky/", mode=0o1777),
        Entry("srv/none", dice.randbytes(48), mode=0),
        Entry("srv/cap", dice.randbytes(49), mode=0o755, xattrs={"security.capability": CAPABILITY}),
        Entry("srv/user", dice.randbytes(51), xattrs={"user.note": b"kept"}),
        Entry("srv/also", hard="srv/cap"),
        Entry("srv/loop", link="loop"),
        Entry("srv/up", link="../../../etc/passwd"),
        Entry("etc/old", dice.randbytes(52)),
        Entry("var/cache/a", dice.randbytes(53)),
        Entry("var/cache/b", dice.randbytes(54)),
    ]
    second = [
        Entry("etc/.wh.old"),
        Entry("etc/new", dice.randbytes(55)),
        Entry("var/"),
        Entry("var/cache/"),
        Entry("var/cache/.wh..wh..opq"),
        Entry("var/cache/c", dice.randbytes(56)),
        Entry("opt/empty", dice.randbytes(57)),
    ]
    images = {f"{prefix}/odd:1": [Image([first, second])], f"{prefix}/oddbase:1": [Image([first])]}
    populate.push(node, address, images)
    populate.pull(node, list(images))
    made = node.run("podman", "create", "--network=none", "--name", f"{series}odd", f"{HOST}/{prefix}/odd:1")
    node.run("sh", "-c", 'at=$(podman mount "$0"); echo x > "$at/etc/x"; rm "$at/srv/none"; podman umount "$0"', made)
    return Made(series, "", node, catalogue(series), CAPTURED)


def pruned_host(home: Path, address: str, series: str) -> Made:
    """Images and containers came and went; what is left is whole."""
    node = _configured(home, address)
    made = _filled(node, address, series, (*CAPTURED, "run/containers/storage"))
    node.run("podman", "rm", "-f", f"{series}1")
    node.run("podman", "rmi", "-f", f"{HOST}/{made.goods.applications[1]}")
    populate.pull(node, [made.goods.applications[2]])
    node.run("podman", "image", "prune", "-f")
    return made


def committed_host(home: Path, address: str, series: str) -> Made:
    """Images made here by commits of podman and buildah, a squashed one and one without a name among them."""
    node = _configured(home, address)
    made = _filled(node, address, series)
    node.run("podman", "commit", "--quiet", f"{series}0", f"{HOST}/local/{series}-committed:1")
    populate.build_on(node, made.goods.base, f"local/{series}-built:1")
    node.run("buildah", "from", "--name", "squashing", f"{HOST}/{made.goods.applications[1]}")
    node.run("buildah", "commit", "--squash", "--rm", "squashing", f"{HOST}/local/{series}-squashed:1")
    node.run("podman", "untag", f"{HOST}/local/{series}-committed:1")
    node.run("podman", "create", "--network=none", "--name", f"{series}2", f"{HOST}/local/{series}-built:1")
    node.run("buildah", "from", "--name", "kept", "scratch")
    return made


def in_flight_host(home: Path, address: str, series: str) -> Made:
    """A pull was running when the bundle was made: one layer is flagged and half there."""
    node = _configured(home, address)
    made = _filled(node, address, series)
    layers = node.root / "overlay-layers/layers.json"
    command = node.command("podman", "pull", "--quiet", f"{HOST}/{made.goods.late}")
    for _ in range(20):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        until = time.monotonic() + 20
        while time.monotonic() < until and process.poll() is None:
            if b'"incomplete":true' in layers.read_bytes():
                break
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if b'"incomplete":true' in layers.read_bytes():
            return made
        node.ask("podman", "rmi", "-f", f"{HOST}/{made.goods.late}")
    raise RuntimeError("no pull could be stopped half way")


def images_only(home: Path, address: str, series: str) -> Made:
    """A mirror: images of two platforms, no container."""
    node = _configured(home, address)
    goods = catalogue(series)
    populate.push(node, address, goods.images)
    populate.pull(node, [goods.base, *goods.applications])
    node.run("podman", "pull", "--quiet", f"--arch={OTHER['amd64']}", f"{HOST}/{goods.foreign}")
    node.run("podman", "tag", f"{HOST}/{goods.base}", f"{HOST}/{PREFIX[series]}/os:latest", f"localhost/{series}:1")
    return Made(series, "", node, goods, CAPTURED)


def chunked_host(home: Path, address: str, series: str) -> Made:
    """Layers pulled by their tables of contents (zstd:chunked), beside an ordinary image."""
    options = '[storage.options]\npull_options = {enable_partial_images = "true", use_hard_links = "false"}'
    node = _configured(home, address, options=options)
    goods = catalogue(series)
    populate.push(node, address, goods.images)
    for name in (goods.base, goods.applications[0]):
        source, target = f"docker://{address}/{name}", f"docker://{address}/chunked/{name}"
        flags = ["--src-tls-verify=false", "--dest-tls-verify=false", "--dest-compress-format=zstd:chunked"]
        node.run("skopeo", "copy", "--quiet", *flags, source, target)
        node.run("skopeo", "copy", "--quiet", "--src-tls-verify=false", target, f"containers-storage:{HOST}/{name}")
    populate.pull(node, [goods.applications[1]])
    for number, name in enumerate(goods.applications[:2]):
        node.run("podman", "create", "--network=none", "--name", f"{series}{number}", f"{HOST}/{name}")
    return Made(series, "", node, goods, (*CAPTURED, "etc/containers"))


def mounted_host(home: Path, address: str, series: str) -> Made:
    """Containers stay mounted while the bundle is made; work directories are in use."""
    node = _configured(home, address)
    made = _filled(node, address, series)
    node.run("sh", "-c", 'at=$(podman mount "$0"); mkdir "$at/var/run"; echo 1 > "$at/var/run/pid"', f"{series}0")
    return made


def small_host(home: Path, address: str, series: str) -> Made:
    """One image of one layer and one container: nothing to compare with."""
    node = _configured(home, address)
    goods = catalogue(series)
    populate.push(node, address, {goods.pause: goods.images[goods.pause]})
    populate.pull(node, [goods.pause])
    node.run("podman", "create", "--network=none", "--name", series, f"{HOST}/{goods.pause}")
    return Made(series, "", node, goods, CAPTURED)


def moved_host(home: Path, address: str, series: str) -> Made:
    """The graph root lies elsewhere, as configured."""
    root = "/var/lib/data/ctr"
    node = _configured(home, address, root=root)
    return _filled(node, address, series, ("var/lib/data/ctr", "etc/containers"))


def volatile_host(home: Path, address: str, series: str) -> Made:
    """Read-only containers and such with volatile layers; records of both kinds."""
    node = _configured(home, address)
    made = _filled(node, address, series)
    text = json.dumps({"image-name": f"{HOST}/{made.goods.base}"})
    image = node.run("podman", "inspect", "--format", "{{.Id}}", f"{HOST}/{made.goods.base}")
    node.run("containers-storage", "create-container", "--volatile", "--name", f"{series}-v", "--metadata", text, image)
    node.run("podman", "create", "--read-only", "--network=none", "--name", f"{series}-ro", f"{HOST}/{made.goods.base}")
    return made


VARIETY: dict[str, Callable[[Path, str, str], Made]] = {
    "vfs": vfs_host,
    "fuse": fuse_host,
    "mapped": mapped_host,
    "odd": odd_host,
    "pruned": pruned_host,
    "committed": committed_host,
    "in-flight": in_flight_host,
    "images-only": images_only,
    "chunked": chunked_host,
    "mounted": mounted_host,
    "small": small_host,
    "moved": moved_host,
    "volatile": volatile_host,
}
