"""Repair kits on stores of another driver, of partial pulls, below another root, and lent to others."""

import json
import os
import re
import shutil
import subprocess
import time

import pytest
from stores import catalogue, populate
from stores.catalogue import HOST
from stores.node import Node

from analyzer.api import judge, read
from analyzer.repair.kit import kit_files
from analyzer.repair.simulation import simulate_plan
from tests.live.test_repair import told

pytestmark = pytest.mark.live

NAMES = ("base/os:9.4", "data/db:15")
DB = f"{HOST}/data/db:15"
PARTIAL = (
    '[storage.options]\npull_options = {enable_partial_images = "true", use_hard_links = "false", ostree_repos = ""}\n'
)
LENT = "var/lib/lent"


def make(volume, registry, name, driver="overlay"):
    """Make a node of two images and one container."""
    node = Node.create(volume / name, registry)
    conf = node.home / "etc/containers/storage.conf"
    conf.write_text(conf.read_text().replace('"overlay"', f'"{driver}"'))
    populate.push(node, registry, {key: value for key, value in catalogue.images().items() if key in NAMES})
    populate.pull(node, list(NAMES))
    node.run("podman", "create", "-q", "--network=none", "--name", "c1", DB)
    return node


@pytest.fixture(scope="module")
def vfs_node(volume, registry):
    return make(volume, registry, "vfs", "vfs")


@pytest.fixture(scope="module")
def overlay_node(volume, registry):
    return make(volume, registry, "other-root")


@pytest.fixture(scope="module")
def chunked_node(volume, registry):
    """A node whose images were pulled in part, by their tables of contents."""
    node = Node.create(volume / "chunked", registry)
    conf = node.home / "etc/containers/storage.conf"
    conf.write_text(conf.read_text() + PARTIAL)
    shop = Node.create(volume / "chunked-shop", registry)
    chunked = {f"chunked/{key}": value for key, value in catalogue.images().items() if key == "data/db:15"}
    populate.push(shop, registry, chunked)
    populate.pull(shop, list(chunked))
    for cache in shop.home.glob("var/lib/containers/cache/blob-info-cache*"):
        cache.unlink()  # it would offer the gzip blobs again
    packed = ("--compression-format", "zstd:chunked", "--tls-verify=false")
    for name in chunked:
        shop.run("podman", "push", "-q", *packed, f"{HOST}/{name}", f"docker://{registry}/{name}")
    populate.pull(node, list(chunked))
    node.run("podman", "create", "-q", "--network=none", "--name", "c1", f"{HOST}/chunked/data/db:15")
    return node


@pytest.fixture(scope="module")
def lending_node(volume, registry):
    """A node whose images lie in an additional store, and its container in the graph root."""
    node = Node.create(volume / "lending", registry)
    populate.push(node, registry, {key: value for key, value in catalogue.images().items() if key in NAMES})
    for name in NAMES:
        node.run("podman", "--root", f"/{LENT}", "pull", "-q", f"{HOST}/{name}")
    conf = node.home / "etc/containers/storage.conf"
    conf.write_text(conf.read_text() + f'[storage.options]\nadditionalimagestores = ["/{LENT}"]\n')
    node.run("podman", "create", "-q", "--network=none", "--name", "c1", DB)
    return node


def records(root, driver, part):
    return json.loads((root / f"{driver}-{part}/{part}.json").read_text())


def layer_of(root, driver, depth):
    """Return the layer of the db image that lies so deep below its top."""
    parents = {row["id"]: row.get("parent", "") for row in records(root, driver, "layers")}
    image = next(row for row in records(root, driver, "images") if any("data/db:15" in n for n in row["names"]))
    layer = image["layer"]
    for _ in range(depth):
        layer = parents[layer] or layer
    return layer


def directory(root, driver, depth):
    home = root / ("vfs/dir" if driver == "vfs" else driver)
    return home / layer_of(root, driver, depth)


def removed(root, driver):
    """Remove the directory of the top layer; within two seconds of the engine's last write it could be its doing."""
    time.sleep(2.5)
    shutil.rmtree(directory(root, driver, 0))


def all_removed(root, driver):
    """Remove the directories of all layers of the image."""
    time.sleep(2.5)
    for path in {directory(root, driver, depth) for depth in range(3)}:
        shutil.rmtree(path)


def emptied(root, driver):
    (root / f"{driver}-layers/layers.json").write_bytes(b"")


def files_of(root, driver):
    top = directory(root, driver, 1) / ("" if driver == "vfs" else "diff")
    return [p for p in sorted(top.rglob("*")) if p.is_file() and not p.is_symlink() and p.stat().st_size > 8]


def edited(root, driver):
    path = files_of(root, driver)[0]
    data = bytearray(path.read_bytes())
    data[3] ^= 1
    path.write_bytes(data)


def mode_changed(root, driver):
    files_of(root, driver)[0].chmod(0o777)


def split_cut(root, driver):
    path = root / f"{driver}-layers/{layer_of(root, driver, 0)}.tar-split.gz"
    path.write_bytes(path.read_bytes()[:40])


def link_emptied(root, driver):
    (directory(root, driver, 0) / "link").write_bytes(b"")


def exchanged(root, driver):
    """Exchange the directories of the two top layers."""
    time.sleep(2.5)
    top, below = directory(root, driver, 0), directory(root, driver, 1)
    aside = top.with_name("aside")
    top.rename(aside)
    below.rename(top)
    aside.rename(below)


def links_removed(root, driver):
    shutil.rmtree(root / driver / "l")


def image_layers_dropped(root, driver):
    path = root / f"{driver}-images/images.json"
    rows = json.loads(path.read_text())
    for row in rows:
        row.pop("layer")
    path.write_text(json.dumps(rows))


def data_removed(root, driver):
    image = next(r for r in records(root, driver, "images") if any("data/db:15" in n for n in r["names"]))
    (root / f"{driver}-images/{image['id']}/manifest").unlink()


ALL = bool(os.environ.get("ANALYZER_ALL_REPAIRS"))
ANY_DRIVER = [removed, emptied, edited, split_cut, *([mode_changed, image_layers_dropped, data_removed] if ALL else [])]
OVERLAY = [*ANY_DRIVER, link_emptied, *([links_removed] if ALL else [])]


def trees(node, driver):
    return {row["id"]: node.mount_image(row["id"]).stdout for row in records(node.root, driver, "images")}


def without_owners(found):
    """Leave out what a pull in part by this podman does not set: owners, and the mode of the top directory."""
    lines = {image: text.splitlines() for image, text in found.items()}
    return {
        image: {re.sub(r"^(\S{10}) \d+ ", r"\1 ", x) for x in each if x[-2:] != " ."} for image, each in lines.items()
    }


@pytest.mark.parametrize("damage", [*ANY_DRIVER, exchanged])
def test_full_copies_are_mended(damage, vfs_node, volume):
    healthy = trees(vfs_node.copy(volume / f"vfs-healthy-{damage.__name__}"), "vfs")
    node = vfs_node.copy(volume / f"vfs-{damage.__name__}")
    damage(node.root, "vfs")
    heal(node, volume)
    assert trees(node, "vfs") == healthy
    assert node.ask("podman", "mount", "c1").exit == 0


@pytest.mark.parametrize("damage", [each for each in OVERLAY if each is not split_cut])
def test_partly_pulled_images_are_mended(damage, chunked_node, volume):
    healthy = trees(chunked_node.copy(volume / f"chunked-healthy-{damage.__name__}"), "overlay")
    node = chunked_node.copy(volume / f"chunked-{damage.__name__}")
    damage(node.root, "overlay")
    heal(node, volume)
    assert trees(node, "overlay") == healthy
    assert node.ask("podman", "mount", "c1").exit == 0


@pytest.mark.parametrize("damage", [removed, all_removed])
def test_layers_that_come_under_other_ids_are_known_by_their_digests(damage, chunked_node, volume):
    """The store has them by their tables of contents; the donor here is pulled whole."""
    healthy = trees(chunked_node.copy(volume / f"chunked-healthy-whole-{damage.__name__}"), "overlay")
    node = chunked_node.copy(volume / f"chunked-whole-{damage.__name__}")
    damage(node.root, "overlay")
    work = node.root.with_name("storage.repair")
    work.mkdir()
    places = [f'{key}="/var/lib/containers/storage.repair/donor"' for key in ("graphroot", "rootless_storage_path")]
    (work / "donor.conf").write_text("\n".join(['[storage]\ndriver="overlay"\nrunroot="/run/storage.repair"', *places]))
    assert " came as " in heal(node, volume)
    assert without_owners(trees(node, "overlay")) == without_owners(healthy)


@pytest.mark.parametrize("damage", OVERLAY)
def test_an_additional_store_is_mended_itself(damage, lending_node, volume):
    """What stands on it mounts again; the graph root is not touched."""
    mount = ("sh", "-c", 'cd "$(podman mount c1)" && find . -type f -exec cksum {} + | sort')
    healthy = lending_node.copy(volume / f"lending-healthy-{damage.__name__}").run(*mount)
    node = lending_node.copy(volume / f"lending-{damage.__name__}")
    damage(node.home / LENT, "overlay")
    heal(node, volume, members=("var/lib/containers/storage", LENT, "etc/containers/storage.conf"))
    assert node.run(*mount) == healthy


@pytest.mark.parametrize("damage", [removed, emptied, edited])
def test_a_store_below_another_root_is_mended_there(damage, overlay_node, volume):
    node = overlay_node.copy(volume / f"root-{damage.__name__}")
    healthy = trees(overlay_node.copy(volume / f"root-healthy-{damage.__name__}"), "overlay")
    damage(node.root, "overlay")
    shutil.move(node.root, node.home / "var/lib/data-storage")
    (node.home / "var/lib/containers/storage").mkdir()
    script = heal(node, volume, "--store", "/var/lib/data-storage", root=node.home / "var/lib/data-storage")
    assert "/var/lib/containers/storage.repair" not in script
    assert not list((node.home / "var/lib/containers").glob("storage.repair*"))
    shutil.rmtree(node.root)
    shutil.move(node.home / "var/lib/data-storage", node.root)
    assert trees(node, "overlay") == healthy


def test_a_setting_of_the_node_is_set_right_and_undone(overlay_node, volume):
    node = overlay_node.copy(volume / "driver-set")
    healthy = trees(overlay_node.copy(volume / "driver-healthy"), "overlay")
    conf = node.home / "etc/containers/storage.conf"
    right = conf.read_text()
    conf.write_text(right.replace('driver = "overlay"', 'driver = "vfs"'))
    wrong = conf.read_text()
    heal(node, volume, members=("var/lib/containers/storage", "etc/containers/storage.conf"))
    assert conf.read_text() == right
    assert trees(node, "overlay") == healthy
    assert node.ask("sh", "/run/kit/repair.sh", "--undo").exit == 0
    assert conf.read_text() == wrong


def heal(node, volume, *options, root=None, members=()):
    """Capture, plan, run the kit, capture again: it must be healthy and as foretold; return what the kit printed."""

    root = root or node.root

    def capture():
        bundle = volume / f"{node.home.name}.tar"
        command = ["tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-cf", str(bundle)]
        if members:
            command += ["-C", str(node.home), *members]
        else:
            command += ["--transform=flags=rhS;s,^[^/]*,storage,", "-C", str(root.parent), root.name]
        subprocess.run(command, check=True, capture_output=True)
        report = judge(read(bundle), engines=("podman@4.3",))
        bundle.unlink()
        return report

    found = capture()
    foretold = simulate_plan(found.snapshot, found.plan)
    for path, data in kit_files(found.plan, "node.tar", "0").items():
        target = node.home / "run/kit" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    done = node.ask("sh", "/run/kit/repair.sh", "--yes", *options, timeout=120)
    if root == node.root:
        assert done.exit == 0, done.stdout + done.stderr
    again = capture()
    assert again.verdict == "healthy", [finding.message for finding in again.findings[:3]]
    assert told(foretold.snapshot) == told(again.snapshot)
    return done.stdout
