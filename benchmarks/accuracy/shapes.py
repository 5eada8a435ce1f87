"""Make the measured stores with the real engines: Podman host, CRI-O node, build host, host with a shared store.

Each shape is made twice, once a series, so that what is learnt on one half never met the stores of the other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stores import populate
from stores.node import Node
from stores.populate import Pod
from stores.records import Store

from benchmarks.accuracy.content import HOST, OTHER, Catalogue, catalogue

SERIES = ("first", "second")
PLATFORM = {"first": ("arm64", "v8"), "second": ("amd64",)}
"""Platform of the CRI-O node of each series."""
SHARED = "/var/lib/shared"
_STATE = '{"ociVersion":"1.0.2","id":"%s","status":"running","pid":4242}'
_SHARED_CONF = f"""[storage]
driver = "overlay"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"
[storage.options]
additionalimagestores = ["{SHARED}"]
"""


@dataclass(frozen=True)
class Made:
    """A healthy node of one shape; `captured` are the paths below its home that a bundle of it holds."""

    series: str
    shape: str
    node: Node
    goods: Catalogue
    captured: tuple[str, ...]
    platform: tuple[str, ...] = ("amd64",)

    @property
    def flags(self) -> list[str]:
        """Return the flags of a pull for the node's platform."""
        return [f"--{name}={value}" for name, value in zip(("arch", "variant"), self.platform, strict=False)]

    @property
    def foreign_flags(self) -> list[str]:
        """Return the flags of a pull for the other platform."""
        return [f"--arch={OTHER[self.platform[0]]}"]


def podman_host(home: Path, address: str, series: str) -> Made:
    """Make a small host: pulled images, one built on it, two containers."""
    goods = catalogue(series)
    node = Node.create(home, address)
    populate.push(node, address, goods.images)
    names = [goods.base, *goods.applications, next(n for n in goods.images if "gateway" in n)]
    populate.pull(node, names)
    populate.build_on(node, goods.base, f"local/{series}-debug:dev")
    for number, name in enumerate(goods.applications[:2]):
        made = node.run("podman", "create", "--network=none", "--name", f"{series}{number}", f"{HOST}/{name}")
        _write_into(node, made)
    return Made(series, "podman", node, goods, ("var/lib/containers/storage", "sos_commands"))


def crio_node(home: Path, address: str, series: str) -> Made:
    """Make a node of CRI-O's: pods whose records are volatile, state files, version and configuration."""
    platform = PLATFORM[series]
    goods = catalogue(series, *platform)
    node = Node.create(home, address)
    populate.push(node, address, goods.images)
    names = [goods.pause, goods.base, *goods.applications]
    populate.pull(node, names, platform)
    pause, populate.PAUSE = populate.PAUSE, goods.pause
    try:
        for number, name in enumerate(goods.applications[:3]):
            uid = f"{number}1111111-2222-3333-4444-{series:5.5}{'0' * 7}"
            _, made = populate.create_pod(node, Pod(f"{series}-{number}", "shop", uid, "main", name))
            _write_into(node, made)
    finally:
        populate.PAUSE = pause
    _make_volatile(node.root)
    _add_crio_files(node)
    captured = ("var/lib/containers/storage", "var/lib/crio", "etc/crio", "etc/containers", "uname")
    (node.home / "uname").write_text(f"Linux node-1 6.1.0 #1 SMP {'aarch64' if 'arm64' in platform else 'x86_64'}\n")
    return Made(series, "crio", node, goods, captured, platform)


def build_host(home: Path, address: str, series: str) -> Made:
    """Make a build host: manifest lists, images without a name in between, a working container, no sign of CRI-O."""
    goods = catalogue(series)
    node = Node.create(home, address)
    populate.push(node, address, goods.images)
    populate.pull(node, [goods.base, *goods.applications[:2]])
    script = f"FROM {HOST}/{goods.base}\nCOPY one /one\nCOPY two /two\nRUN_LABEL\nCOPY one /three\n"
    work = node.home / "var/lib/work"
    work.mkdir()
    (work / "one").write_text(f"one of {series}\n")
    (work / "two").write_text(f"two of {series}\n")
    (work / "Containerfile").write_text(script.replace("RUN_LABEL", "LABEL made=here"))
    node.run("podman", "build", "--quiet", "--layers", "--tag", f"{HOST}/local/{series}:1", "/var/lib/work")
    populate.make_list(node, f"local/{series}-list:1", next(n for n in goods.images if "gateway" in n), ("amd64",))
    node.run("buildah", "from", "--name", f"{series}-working", f"{HOST}/{goods.base}")
    made = node.run("podman", "create", "--network=none", "--name", f"{series}-job", f"{HOST}/local/{series}:1")
    _write_into(node, made)
    return Made(series, "build", node, goods, ("var/lib/containers/storage", "etc/containers"))


def shared_host(home: Path, address: str, series: str) -> Made:
    """Make a host whose base images are in an additional image store, with one image and one container on top."""
    goods = catalogue(series)
    node = Node.create(home, address)
    populate.push(node, address, goods.images)
    for name in (goods.base, goods.applications[0]):
        node.run("podman", "--root", SHARED, "pull", "--quiet", f"{HOST}/{name}")
    (node.home / "etc/containers/storage.conf").write_text(_SHARED_CONF)
    populate.pull(node, [goods.applications[1], goods.pause])
    populate.build_on(node, goods.base, f"local/{series}-debug:dev")
    node.run("podman", "create", "--network=none", "--name", f"{series}-user", f"{HOST}/{goods.applications[0]}")
    return Made(series, "shared", node, goods, ("var/lib/containers/storage", SHARED[1:], "etc/containers"))


SHAPES: dict[str, Callable[[Path, str, str], Made]] = {
    "podman": podman_host,
    "crio": crio_node,
    "build": build_host,
    "shared": shared_host,
}


def _write_into(node: Node, container: str) -> None:
    """Write into a container as a process in it would: its own layer gets the marks of the overlay driver."""
    script = 'set -e; at=$(containers-storage mount "$0"); echo new >> "$at/etc/hosts"; rm -r "$at/home"; '
    node.run("sh", "-c", script + 'mkdir "$at/home"; containers-storage unmount "$0"', container)


def _make_volatile(root: Path) -> None:
    """Move CRI-O's containers and their layers into the volatile files, where newer engines keep them."""
    store = Store(root)
    containers, layers = store.containers, store.layers
    moved = {key for key, record in containers.items() if record.get("flags", {}).get("Volatile")}
    their = {containers[key]["layer"] for key in moved}
    _write(store.containers_json.with_name("volatile-containers.json"), [containers[key] for key in sorted(moved)])
    _write(store.containers_json, [record for key, record in containers.items() if key not in moved])
    _write(store.layers_json.with_name("volatile-layers.json"), [layers[key] for key in sorted(their)])
    _write(store.layers_json, [record for key, record in layers.items() if key not in their])


def _write(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps(records, separators=(",", ":")))
    path.chmod(0o600)


def _add_crio_files(node: Node) -> None:
    below = node.root / "overlay-containers"
    for container in json.loads((below / "volatile-containers.json").read_text()):
        userdata = below / container["id"] / "userdata"
        userdata.mkdir(parents=True, exist_ok=True)
        (userdata / "config.json").write_text('{"ociVersion":"1.0.2","hostname":"node-1"}')
        (userdata / "state.json").write_text(_STATE % container["id"])
    crio = node.home / "var/lib/crio"
    crio.mkdir()
    (crio / "version").write_text('"1.28.4"')
    (crio / "clean.shutdown.supported").write_text(f"{time.time():.0f}")
    (crio / "clean.shutdown").write_text("")
    etc = node.home / "etc/crio"
    etc.mkdir()
    (etc / "crio.conf").write_text('[crio]\nstorage_driver = "overlay"\nroot = "/var/lib/containers/storage"\n')
