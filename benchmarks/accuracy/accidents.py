"""Accidents that the engines and the file system act out themselves, each with the truth about what they left.

Each takes a healthy node, a place for its copy and the registry's address, and hands back the damaged node with its
truth, or None where the shape has no part in it or nothing came of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stores.node import Node
from stores.records import Store
from stores.volume import xfs_volume

from benchmarks.accuracy.content import HOST
from benchmarks.accuracy.shapes import Made

PATIENCE = 20.0
ENGINE_SHAPES = ("podman", "crio")


@dataclass(frozen=True)
class Happened:
    """A node after the accident, and the truth as `accidents.json` keeps it."""

    node: Node
    truth: dict[str, Any]


ACCIDENTS: dict[str, Callable[[Made, Path, str], Happened | None]] = {}


def accident(function: Any) -> Any:
    """Register an accident under its function's name."""
    ACCIDENTS[function.__name__.replace("_", "-")] = function
    return function


def _truth(
    subjects: Iterable[str],
    *families: str,
    images: Iterable[str] | None = (),
    containers: Iterable[str] | None = (),
    severe: bool = True,
) -> dict[str, Any]:
    return {
        "subjects": sorted(set(subjects)),
        "families": list(families),
        "images": None if images is None else sorted(images),
        "containers": None if containers is None else sorted(containers),
        "severe": severe,
    }


def _rows(node: Node, name: str) -> dict[str, dict[str, Any]]:
    part = name.removeprefix("volatile-")
    path = node.root / f"overlay-{part}" / f"{name}.json"
    return {row["id"]: row for row in json.loads(path.read_text())} if path.is_file() and path.stat().st_size else {}


def _all(node: Node, part: str) -> dict[str, dict[str, Any]]:
    return {**_rows(node, part), **_rows(node, f"volatile-{part}")}


def _standing(node: Node, layers: Iterable[str]) -> tuple[set[str], set[str]]:
    """Return (image ids, container ids) whose chain goes through any of the layers, by the records of `node`."""
    wanted, records = set(layers), _all(node, "layers")

    def chain(layer: str) -> set[str]:
        seen: set[str] = set()
        while layer and layer not in seen:
            seen.add(layer)
            layer = records.get(layer, {}).get("parent", "")
        return seen

    images = {key for key, row in _all(node, "images").items() if wanted & chain(row.get("layer", ""))}
    containers = {
        key for key, row in _all(node, "containers").items() if row["image"] in images or wanted & chain(row["layer"])
    }
    return images, containers


def _pull(made: Made, name: str) -> list[str]:
    return ["podman", "pull", "--quiet", *made.flags, f"{HOST}/{name}"]


def _copy(made: Made, home: Path) -> Node:
    return made.node.copy(home)


def _layers_of_image(node: Node, name: str) -> list[str]:
    store = Store(node.root)
    return store.chain(store.image_named(f"{HOST}/{name}")["layer"])


@accident
def layer_directory_removed_by_hand(made: Made, home: Path, _address: str) -> Happened | None:
    """Remove a shared layer's directory, and let the engine open the store afterwards."""
    if made.shape not in ENGINE_SHAPES:
        return None
    node = _copy(made, home)
    layer = _layers_of_image(node, made.goods.base)[-1]
    images, containers = _standing(node, [layer])
    shutil.rmtree(node.root / "overlay" / layer)
    if made.shape == "podman":
        node.podman_images()
    return Happened(node, _truth([layer], "layer-directory-removed", images=images, containers=containers))


def _kill_when_incomplete(node: Node, *command: str) -> list[str]:
    """Run a command, kill it as soon as layers.json has a layer flagged incomplete, and hand back these layers."""
    process = subprocess.Popen(
        node.command(*command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            text = (node.root / "overlay-layers/layers.json").read_bytes()
        except OSError:
            continue
        if b'"incomplete":true' in text:
            break
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return [key for key, row in _rows(node, "layers").items() if row.get("flags", {}).get("incomplete")]


@accident
def pull_killed(made: Made, home: Path, _address: str) -> Happened | None:
    """Kill a pull while it unpacks a layer."""
    if made.shape not in ENGINE_SHAPES:
        return None
    node = _copy(made, home)
    flagged = _kill_when_incomplete(node, *_pull(made, made.goods.late))
    if not flagged:
        return None
    return Happened(node, _truth(flagged, "interrupted-pull", severe=False))


@accident
def removal_killed(made: Made, home: Path, _address: str) -> Happened | None:
    """Kill `podman rmi` while it deletes the layers of an image."""
    if made.shape not in ENGINE_SHAPES:
        return None
    node = _copy(made, home)
    node.run(*_pull(made, made.goods.late))
    before = _layers_of_image(node, made.goods.late)
    left = _kill_when_incomplete(node, "podman", "rmi", f"{HOST}/{made.goods.late}")
    if not left:
        return None
    return Happened(node, _truth([*left, *before], "interrupted-removal", "interrupted-pull", severe=False))


@accident
def older_layers_restored(made: Made, home: Path, _address: str) -> Happened | None:
    """Restore yesterday's `overlay-layers` over a store that has pulled an image since."""
    if made.shape not in ENGINE_SHAPES:
        return None
    node = _copy(made, home)
    subprocess.run(["cp", "-a", node.root / "overlay-layers", home / "backup"], check=True)
    for path in (home / "backup").iterdir():
        subprocess.run(["touch", "-d", "-1 day", "-r", path, path], check=True)
    node.run(*_pull(made, made.goods.late))
    old = set(_ids(home / "backup/layers.json"))
    gone = [key for key in _rows(node, "layers") if key not in old]
    images, containers = _standing(node, gone)
    shutil.rmtree(node.root / "overlay-layers")
    shutil.move(home / "backup", node.root / "overlay-layers")
    families = ("records-rolled-back", "layer-record-lost")
    return Happened(node, _truth([*gone, "var/lib/containers/storage/overlay-layers/layers.json"], *families,
                                 images=images, containers=containers))  # fmt: skip


def _ids(path: Path) -> list[str]:
    return [row["id"] for row in json.loads(path.read_text())]


@accident
def restored_without_attributes(made: Made, home: Path, _address: str) -> Happened | None:
    """Restore the whole root by a tar without `--xattrs`, and then let the engine make and use a container."""
    if made.shape != "podman":
        return None
    node = _copy(made, home)
    shutil.rmtree(node.root)
    node.root.mkdir()
    archive = home / "backup.tar"
    subprocess.run(["tar", "-C", made.node.root, "-cf", archive, "."], check=True, capture_output=True)
    subprocess.run(["tar", "-C", node.root, "-xpf", archive], check=True, capture_output=True)
    archive.unlink()
    container = node.run("podman", "create", "--network=none", f"{HOST}/{made.goods.base}")
    node.run("sh", "-c", 'at=$(podman mount "$0"); echo new > "$at/etc/hosts"; podman umount "$0"', container)
    hit = [layer for layer in _all(made.node, "layers") if _has_attributes(made.node, layer)]
    images, containers = _standing(node, hit)
    return Happened(node, _truth(hit, "copied-without-attributes", images=images, containers=containers))


def _has_attributes(node: Node, layer: str) -> bool:
    record = _all(node, "layers")[layer]
    top = node.root / "overlay" / layer / "diff"
    if not record.get("diff-digest") or not top.is_dir():
        return False
    wanted = {"trusted.overlay.opaque", "security.capability"}
    return any(wanted & set(os.listxattr(path, follow_symlinks=False)) for path in top.rglob("*"))


@accident
def second_driver_used(made: Made, home: Path, _address: str) -> Happened | None:
    """Pull an image by a tool that was told to use vfs on the same root."""
    if made.shape not in ENGINE_SHAPES:
        return None
    node = _copy(made, home)
    node.run("buildah", "--storage-driver", "vfs", "pull", "--quiet", *made.flags, f"{HOST}/{made.goods.pause}")
    place = "var/lib/containers/storage"
    return Happened(node, _truth([place, f"{place}/vfs"], "driver-mixed", severe=False))


@accident
def two_hosts_on_one_root(made: Made, home: Path, _address: str) -> Happened | None:
    """Let two hosts pull an image each without seeing each other's records: the later writer of each index wins."""
    if made.shape not in ENGINE_SHAPES:
        return None
    one, two = _copy(made, home), _copy(made, home.with_name(home.name + "-other"))
    one.run(*_pull(made, made.goods.late))
    two.run("podman", "pull", "--quiet", f"{HOST}/{made.goods.foreign}", *made.foreign_flags)
    layers = _layers_of_image(two, made.goods.foreign)
    images, containers = _standing(two, layers)
    subprocess.run(["cp", "-a", "-n", f"{two.root}/.", f"{one.root}/"], check=False)
    shutil.copy2(two.root / "overlay-images/images.json", one.root / "overlay-images/images.json")
    shutil.copy2(two.root / "overlay-images/images.lock", one.root / "overlay-images/images.lock")
    families = ("two-writers", "layer-record-lost", "records-rolled-back")
    return Happened(one, _truth(layers, *families, images=images, containers=containers))


@accident
def modes_swept(made: Made, home: Path, _address: str) -> Happened | None:
    """Run `chmod -R g+w,o+w` over the driver's home."""
    if made.shape not in ENGINE_SHAPES:
        return None
    node = _copy(made, home)
    layers = [key for key, row in _all(node, "layers").items() if row.get("diff-digest")]
    images, containers = _standing(node, layers)
    subprocess.run(["chmod", "-R", "g+w,o+w", node.root / "overlay"], check=True)
    keys = [*layers, "var/lib/containers/storage", "var/lib/containers/storage/overlay"]
    return Happened(node, _truth(keys, "permissions-swept", images=images, containers=containers))


@accident
def shared_images_updated(made: Made, home: Path, _address: str) -> Happened | None:
    """Remove the base image from the shared store, as its owner may do, while images of this host stand on it."""
    if made.shape != "shared":
        return None
    node = _copy(made, home)
    conf = node.home / "etc/containers/storage.conf"
    text = conf.read_text()
    conf.write_text(text.partition("[storage.options]")[0])
    before = set(_layer_ids(node.home / "var/lib/shared"))
    for name in (made.goods.applications[0], made.goods.base):
        node.run("podman", "--root", "/var/lib/shared", "rmi", "-f", f"{HOST}/{name}")
    conf.write_text(text)
    gone = before - set(_layer_ids(node.home / "var/lib/shared"))
    images = {key for key, row in _all(made.node, "images").items() if _stands(made.node, row["layer"], gone)}
    containers = {
        key
        for key, row in _all(made.node, "containers").items()
        if row["image"] in images or _stands(made.node, row["layer"], gone)
    }
    return Happened(node, _truth([*gone, "var/lib/shared"], "additional-store-changed", "layer-record-lost",
                                 images=images, containers=containers))  # fmt: skip


def _layer_ids(root: Path) -> list[str]:
    path = root / "overlay-layers/layers.json"
    return _ids(path) if path.is_file() else []


def _stands(node: Node, layer: str, gone: set[str]) -> bool:
    records = {**_all(node, "layers")}
    while layer in records:
        layer = records[layer].get("parent", "")
    return layer in gone


@accident
def captured_during_a_pull(made: Made, home: Path, _address: str) -> Happened | None:
    """Read the layer directories, let a pull finish, and read the records: what tar does on a running node."""
    if made.shape not in ENGINE_SHAPES:
        return None
    node = _copy(made, home)
    node.run(*_pull(made, made.goods.late))
    new = set(_all(node, "layers")) - set(_all(made.node, "layers"))
    images, containers = _standing(node, new)
    shutil.rmtree(node.root / "overlay")
    subprocess.run(["cp", "-a", made.node.root / "overlay", node.root / "overlay"], check=True)
    return Happened(node, _truth(new, "capture-artefact", "layer-directory-removed",
                                 images=images, containers=containers, severe=False))  # fmt: skip


@accident
def power_cut_after_a_pull(made: Made, home: Path, _address: str) -> Happened | None:
    """Cut the power of a file system of its own right after a pull: what was never synced is lost.

    A copy of the disk is mounted again: while a command elsewhere keeps the old mount in its own name space, the disk
    itself stays shut down.
    """
    if made.shape not in ENGINE_SHAPES:
        return None
    with xfs_volume(1 << 30) as volume:
        place = volume / "node"
        subprocess.run(["cp", "-a", made.node.home, place], check=True)
        subprocess.run(["sync", "-f", volume], check=True)
        node = Node(place)
        node.run(*_pull(made, made.goods.late))
        expected = _contents(node)
        subprocess.run(["xfs_io", "-x", "-c", "shutdown", volume], check=True, capture_output=True)
        subprocess.run(["umount", volume], check=True)
        disk, left = volume.parent / "disk.img", volume.parent / "left.img"
        subprocess.run(["cp", "--sparse=always", disk, left], check=True)
        subprocess.run(["mount", "-o", "loop,nouuid", left, volume], check=True)
        seen = _contents(node)
        subprocess.run(["cp", "-a", place, home], check=True)
    node = Node(home)
    records = _all(node, "layers")
    lost = {path for path in expected if seen.get(path) != expected[path]}
    layers = {path.split("/")[1] for path in lost if path.startswith("overlay/") and path.split("/")[1] in records}
    images, containers = _standing(node, layers)
    images |= {path.split("/")[1] for path in lost if path.startswith("overlay-images/")} & set(_all(node, "images"))
    subjects = [*layers, *images]
    if not subjects:
        return None
    return Happened(node, _truth(subjects, "unclean-shutdown", images=images, containers=containers))


def _contents(node: Node) -> dict[str, Any]:
    """Return the content of every file of layers and image data, by path below the graph root."""
    found: dict[str, Any] = {}
    for part in ("overlay", "overlay-images"):
        for path in sorted((node.root / part).rglob("*")):
            if path.is_file() and not path.is_symlink():
                found[str(path.relative_to(node.root))] = path.read_bytes()
    return found


@accident
def disk_full_during_a_commit(made: Made, home: Path, _address: str) -> Happened | None:
    """Commit more than the file system has room for; the bundle has the `df` of that moment."""
    if made.shape != "podman":
        return None
    with xfs_volume(400 << 20) as volume:
        place = volume / "node"
        subprocess.run(["cp", "-a", made.node.home, place], check=True)
        node = Node(place)
        node.run("buildah", "from", "--name", "full", f"{HOST}/{made.goods.base}")
        (place / "var/lib/big").write_bytes(bytes(range(256)) * 40_000)
        node.run("buildah", "copy", "full", "/var/lib/big", "/big")
        subprocess.run(["sync", "-f", volume], check=True)
        with (place / "var/lib/filler").open("wb") as filler:
            free = shutil.disk_usage(volume).free - (4 << 20)
            subprocess.run(["fallocate", "-l", str(free), filler.name], check=True)
        answer = node.ask("buildah", "commit", "full", f"{HOST}/local/full:1")
        rest = os.open(place / "var/lib/filler2", os.O_WRONLY | os.O_CREAT)
        with contextlib.suppress(OSError):
            while os.write(rest, bytes(1 << 16)):
                pass
        os.close(rest)
        said = subprocess.run(["df", "-al", volume], capture_output=True, text=True, check=False).stdout
        (place / "var/lib/filler").unlink()
        (place / "var/lib/filler2").unlink(missing_ok=True)
        subprocess.run(["cp", "-a", place, home], check=True)
    if answer.exit == 0:
        return None
    node = Node(home)
    text = said.replace(str(volume), "/var/lib/containers")
    (home / "sos_commands/filesys").mkdir(parents=True)
    (home / "sos_commands/filesys/df_-al").write_text(text)
    new = [key for key in _all(node, "layers") if key not in _all(made.node, "layers")]
    subjects = ["var/lib/containers/storage", ".", *new]
    return Happened(node, _truth(subjects, "disk-full", "leaked-space", "interrupted-pull", severe=False))
