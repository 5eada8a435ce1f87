"""Repair kits on stores of another driver, of partial pulls, and below another root; as in `test_repair.py`."""

import json
import shutil
import subprocess

import pytest
from stores import catalogue, populate
from stores.catalogue import HOST
from stores.node import Node

from analyzer.api import judge, read
from analyzer.repair.kit import kit_files

pytestmark = pytest.mark.live

NAMES = ("base/os:9.4", "data/db:15")
PARTIAL = (
    '[storage.options]\npull_options = {enable_partial_images = "true", use_hard_links = "false", ostree_repos = ""}\n'
)


def make(volume, registry, name, driver):
    """Make a node of two images and one container."""
    node = Node.create(volume / name, registry)
    conf = node.home / "etc/containers/storage.conf"
    conf.write_text(conf.read_text().replace('"overlay"', f'"{driver}"'))
    populate.push(node, registry, {key: value for key, value in catalogue.images().items() if key in NAMES})
    populate.pull(node, list(NAMES))
    node.run("podman", "create", "-q", "--name", "c1", f"{HOST}/data/db:15")
    return node


@pytest.fixture(scope="module")
def vfs_node(volume, registry):
    return make(volume, registry, "vfs", "vfs")


@pytest.fixture(scope="module")
def overlay_node(volume, registry):
    return make(volume, registry, "other-root", "overlay")


def records(node, driver, part):
    return json.loads((node.root / f"{driver}-{part}/{part}.json").read_text())


def layer_of(node, driver, depth):
    """Return the layer of the db image that lies so deep below its top."""
    parents = {row["id"]: row.get("parent", "") for row in records(node, driver, "layers")}
    image = next(row for row in records(node, driver, "images") if f"{HOST}/data/db:15" in row["names"])
    layer = image["layer"]
    for _ in range(depth):
        layer = parents[layer] or layer
    return layer


def directory(node, driver, depth):
    home = node.root / ("vfs/dir" if driver == "vfs" else driver)
    return home / layer_of(node, driver, depth)


def removed(node, driver):
    shutil.rmtree(directory(node, driver, 0))


def emptied(node, driver):
    (node.root / f"{driver}-layers/layers.json").write_bytes(b"")


def edited(node, driver):
    root = directory(node, driver, 1) / ("" if driver == "vfs" else "diff")
    path = next(p for p in sorted(root.rglob("*")) if p.is_file() and not p.is_symlink() and p.stat().st_size > 8)
    data = bytearray(path.read_bytes())
    data[3] ^= 1
    path.write_bytes(data)


def split_cut(node, driver):
    path = node.root / f"{driver}-layers/{layer_of(node, driver, 0)}.tar-split.gz"
    path.write_bytes(path.read_bytes()[:40])


def trees(node, driver):
    return {row["id"]: node.mount_image(row["id"]).stdout for row in records(node, driver, "images")}


@pytest.mark.parametrize("damage", [removed, emptied, edited, split_cut])
def test_full_copies_are_mended(damage, vfs_node, volume):
    healthy = trees(vfs_node.copy(volume / f"vfs-healthy-{damage.__name__}"), "vfs")
    node = vfs_node.copy(volume / f"vfs-{damage.__name__}")
    damage(node, "vfs")
    heal(node, volume)
    assert trees(node, "vfs") == healthy
    assert node.ask("podman", "mount", "c1").exit == 0


@pytest.mark.parametrize("damage", [removed, emptied, edited])
def test_a_store_below_another_root_is_mended_there(damage, overlay_node, volume):
    node = overlay_node.copy(volume / f"root-{damage.__name__}")
    healthy = trees(overlay_node.copy(volume / f"root-healthy-{damage.__name__}"), "overlay")
    damage(node, "overlay")
    shutil.move(node.root, node.home / "var/lib/data-storage")
    (node.home / "var/lib/containers/storage").mkdir()
    script = heal(node, volume, "--store", "/var/lib/data-storage", root=node.home / "var/lib/data-storage")
    assert "/var/lib/containers/storage.repair" not in script
    assert not list((node.home / "var/lib/containers").glob("storage.repair*"))
    shutil.rmtree(node.root)
    shutil.move(node.home / "var/lib/data-storage", node.root)
    assert trees(node, "overlay") == healthy


def heal(node, volume, *options, root=None):
    """Capture, plan, run the kit, capture again: it must be healthy then; return what the kit printed."""

    root = root or node.root

    def capture():
        bundle = volume / f"{node.home.name}.tar"
        command = ["tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-cf", str(bundle)]
        command += ["--transform=flags=rhS;s,^[^/]*,storage,", "-C", str(root.parent), root.name]
        subprocess.run(command, check=True, capture_output=True)
        report = judge(read(bundle), engines=("podman@4.3",))
        bundle.unlink()
        return report

    for path, data in kit_files(capture().plan, "node.tar", "0").items():
        target = node.home / "run/kit" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    done = node.ask("sh", "/run/kit/repair.sh", "--yes", *options, timeout=120)
    if root == node.root:
        assert done.exit == 0, (done.stdout, done.stderr)
    again = capture()
    assert again.verdict == "healthy", [finding.message for finding in again.findings[:3]]
    return done.stdout
