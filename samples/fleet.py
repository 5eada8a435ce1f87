"""Make a fleet of captures from the real stores of `samples` and `tests/bundles`, with a cause planted in it.

    python samples/fleet.py DIRECTORY [--nodes 300] [--seed 1]

writes `DIRECTORY/captures/*` and `DIRECTORY/truth.json`. Neither an engine nor root is needed: members are copied as
they are in the archives, and what a fault or a removed image changes is written anew. The same arguments give the same
bytes.

What is planted, in shares of the nodes:

- 20 % lost power while `shop/worker` was rolled out: the `link` file of its top layer kept its length and lost its
  content. All of them run kernel `SICK_KERNEL`, which 4 % of the nodes run without harm, and all hold `shop/worker`,
  which 10 % of the nodes hold without harm.
- 5 % have another fault, each one of the damaged stores of `samples` and `tests/bundles`.
- 2 % are hostile or broken: cut archives, no archive, no store, an empty file.
- The rest is healthy. Architecture, engine version and store are dealt out in turn within each share, other images
  by dice that know nothing of the cause.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import functools
import gzip
import io
import itertools
import json
import random
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SAMPLES = Path(__file__).resolve().parent
BUNDLES = SAMPLES.parent / "tests" / "bundles"

WORKER = "quay.example.test/shop/worker:2.0"
COMMON_FAMILY = "unclean-shutdown"
SICK_KERNEL = "5.14.0-427.13.1.el9"
KERNELS = ("5.14.0-362.8.1.el9", "5.14.0-503.11.1.el9")
ENGINES = ("1.28.4", "1.29.2", "1.30.1")
POWER_CUT = 1_795_551_600
"""2026-11-24 20:20:00 UTC: on the first node; each next one of the share lost power `SPREAD` seconds later."""
SPREAD = 7

HEALTHY, COMMON, OTHER, BROKEN = "healthy", "common", "other", "broken"
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_STORES = {
    "node": SAMPLES / "healthy.tar.zst",
    "overlay": BUNDLES / "healthy-overlay.tar.zst",
    "mounted": BUNDLES / "healthy-live-mounted.tar.zst",
    "metadata": BUNDLES / "healthy-metadata-only.tar.zst",
    "arm": SAMPLES / "seed-case.tar.zst",
    "chunked": BUNDLES / "healthy-zstd-chunked.tar.zst",
    "shared": BUNDLES / "healthy-additional-store.tar.zst",
}
_TURNS = ("overlay", "node", "overlay", "mounted", "overlay", "node", "metadata", "overlay", "node", "arm")
"""Stores that hold `shop/worker`, as they are dealt out; of the others a few healthy nodes are made."""
_RARE = ("chunked", "shared")
_ARM_LIST = "quay.example.test/ci/tools:multi"
_ARM_DAMAGES = ("seed-case", "local-list-member-missing")
_OTHERS = (
    BUNDLES / "layer-dir-removed.tar.zst",
    SAMPLES / "seed-case.tar.zst",
    BUNDLES / "parent-record-missing.tar.zst",
    SAMPLES / "modified-base.tar.zst",
    BUNDLES / "tar-split-corrupt.tar.zst",
    BUNDLES / "image-manifest-missing.tar.zst",
    SAMPLES / "dangling-link.tar.zst",
    BUNDLES / "l-symlink-missing.tar.zst",
    BUNDLES / "container-layer-missing.tar.zst",
    SAMPLES / "local-list-member-missing.tar.zst",
    BUNDLES / "lower-wrong-chain.tar.zst",
    BUNDLES / "base-file-mode.tar.zst",
    BUNDLES / "incomplete-layer.tar.zst",
    SAMPLES / "missing-parent.tar.zst",
    BUNDLES / "parent-cycle.tar.zst",
)
_BROKEN = ("cut", "text", "no-store", "cut", "empty", "garbage")
_FORMS = (".tar.zst", ".tar.zst", ".tar.gz", ".tar.zst", ".tar")


@dataclass(frozen=True)
class Node:
    """One capture and the truth about it.

    Attributes:
        name: of the node, e.g. `node-017`; `file` is that of its capture.
        state: `healthy`, `common` (the planted cause), `other` or `broken`.
        store: which real store it is made of.
        damage: what is wrong, `""` for nothing: a fault of `truth.json`, or how the capture is broken.
        architecture, kernel, engine: facts that the capture shows: in Go's words, of `uname -r` without the machine, of
            CRI-O.
        images: of each image of the graph root its first name, or its id where it has none, sorted.
        bases: digests of the bottom layers that these stand on, sorted.
        subject: of the planted cause: the layer that lost its link file.
        time: of the planted cause, seconds since 1970.
        thin: whether the archive is cut, so that what it does not show may be on the node.
    """

    name: str
    file: str
    state: str
    store: str
    damage: str
    architecture: str
    kernel: str
    engine: str
    images: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    subject: str = ""
    time: int | None = None
    thin: bool = False


@dataclass
class _Entry:
    info: tarfile.TarInfo
    data: bytes
    raw: bytes
    """The member as it is in the archive: extended headers, header, content, padding."""


class Capture:
    """The members of an archive in their order, to be changed in memory."""

    def __init__(self, source: Path) -> None:
        self.entries = dict(_members(source))

    def rows(self, index: str) -> list[dict[str, Any]]:
        """Return the records of `layers.json`, `volatile-containers.json`, …, none where there is no such file."""
        entry = self.entries.get(_path_of(index))
        return json.loads(entry.data) if entry is not None and entry.data else []

    def put(self, index: str, rows: Iterable[dict[str, Any]]) -> None:
        """Replace the records of an index file."""
        self.write(_path_of(index), json.dumps(list(rows), separators=(",", ":")).encode())

    def write(self, path: str, data: bytes, time: int | None = None) -> None:
        """Replace or add a file; `time` in seconds since 1970, None to leave it as it is."""
        known = self.entries.get(path)
        info = copy.copy(known.info) if known else tarfile.TarInfo(path)
        info.size = len(data)
        if time is not None:
            info.mtime = time
            info.pax_headers = {key: value for key, value in info.pax_headers.items() if key != "mtime"}
        self.entries[path] = _Entry(info, data, info.tobuf(tarfile.PAX_FORMAT) + data + bytes(-len(data) % 512))

    def remove(self, path: str) -> None:
        """Remove an entry and everything below it."""
        for known in [k for k in self.entries if k == path or k.startswith(path + "/")]:
            del self.entries[known]

    def images(self) -> list[dict[str, Any]]:
        """Return the image records."""
        return self.rows("images.json")

    def chain(self, layer: str) -> list[str]:
        """Return a layer and its ancestors, nearest first."""
        parents = {row["id"]: row.get("parent") for row in self.rows("layers.json")}
        chain: list[str] = []
        while layer and layer not in chain:
            chain.append(layer)
            layer = parents.get(layer) or ""
        return chain

    def drop_image(self, name: str) -> None:
        """Remove an image that no container uses, as `podman rmi` leaves the store: its own layers go with it."""
        gone = next((row for row in self.images() if _called(row, name)), None)
        users = [*self.rows("containers.json"), *self.rows("volatile-containers.json")]
        if gone is None or any(user["image"] == gone["id"] for user in users):
            return
        kept = [row for row in self.images() if row is not gone and row["id"] != gone["id"]]
        needed = {layer for row in (*kept, *users) for layer in self.chain(row.get("layer", ""))}
        own = [layer for layer in self.chain(gone.get("layer", "")) if layer not in needed]
        self.put("images.json", kept)
        self.put("layers.json", [row for row in self.rows("layers.json") if row["id"] not in own])
        self.remove(f"storage/overlay-images/{gone['id']}")
        for layer in own:
            link = self.entries[f"storage/overlay/{layer}/link"].data.decode()
            self.remove(f"storage/overlay/l/{link}")
            self.remove(f"storage/overlay/{layer}")
            self.remove(f"storage/overlay-layers/{layer}.tar-split.gz")

    def tar(self) -> bytes:
        """Return the archive."""
        body = b"".join(entry.raw for entry in self.entries.values()) + bytes(1024)
        return body + bytes(-len(body) % tarfile.RECORDSIZE)


def make(directory: Path, nodes: int = 300, seed: int = 1) -> list[Node]:
    """Write the captures into an empty directory and return the truth, by name of node."""
    directory.mkdir(parents=True, exist_ok=True)
    made = []
    for node, content in _fleet(nodes, seed):
        (directory / node.file).write_bytes(content)
        made.append(node)
    return sorted(made, key=lambda node: node.name)


def _fleet(nodes: int, seed: int) -> Iterator[tuple[Node, bytes]]:
    dice = random.Random(f"fleet {seed}")
    shares = {COMMON: nodes // 5, OTHER: nodes // 20, BROKEN: nodes // 50}
    shares[HEALTHY] = nodes - sum(shares.values())
    numbers = list(range(1, nodes + 1))
    dice.shuffle(numbers)
    deal = iter(numbers)
    shown = set(dice.sample(range(shares[HEALTHY]), nodes // 25))
    holding = set(dice.sample(range(shares[HEALTHY]), nodes // 10))
    for state, count in shares.items():
        for turn, number in enumerate(itertools.islice(deal, count)):
            sick = state == COMMON or (state == HEALTHY and turn in shown)
            blank = Node(
                name=f"node-{number:0{len(str(nodes))}}",
                file="",
                state=state,
                store="",
                damage="",
                architecture="amd64",
                kernel=SICK_KERNEL if sick else KERNELS[turn % len(KERNELS)],
                engine=ENGINES[turn % len(ENGINES)],
            )
            yield _MAKERS[state](blank, turn, dice, turn in holding)


def _healthy(node: Node, turn: int, dice: random.Random, holds_worker: bool) -> tuple[Node, bytes]:
    store = _RARE[turn % 2] if turn % 36 == 35 else _TURNS[turn % len(_TURNS)]
    capture = _varied(store, dice)
    if not holds_worker:
        capture.drop_image(WORKER)
    return _finished(dataclasses.replace(node, store=store), capture, turn)


def _common(node: Node, turn: int, dice: random.Random, _holds: bool) -> tuple[Node, bytes]:
    store = _TURNS[turn % len(_TURNS)]
    capture = _varied(store, dice)
    layer = next(row["layer"] for row in capture.images() if _called(row, WORKER))
    path, time = f"storage/overlay/{layer}/link", POWER_CUT + SPREAD * turn
    capture.write(path, bytes(len(capture.entries[path].data)), time)
    truth = dataclasses.replace(node, store=store, damage="link-lost", subject=layer, time=time)
    return _finished(truth, capture, turn)


def _other(node: Node, turn: int, _dice: random.Random, _holds: bool) -> tuple[Node, bytes]:
    source = _OTHERS[turn % len(_OTHERS)]
    damage = source.name.removesuffix(".tar.zst")
    return _finished(dataclasses.replace(node, store="damaged", damage=damage), Capture(source), turn)


def _broken(node: Node, turn: int, dice: random.Random, _holds: bool) -> tuple[Node, bytes]:
    how = _BROKEN[turn % len(_BROKEN)]
    node = dataclasses.replace(node, damage=how, file=f"{node.name}.tar.zst", thin=how == "cut")
    if how == "cut":
        node, whole = _finished(dataclasses.replace(node, store="overlay"), Capture(_STORES["overlay"]), 0)
        return dataclasses.replace(node, thin=True), whole[: len(whole) * 6 // 10]
    if how == "no-store":
        other = Capture(_STORES["node"])
        for path in [p for p in other.entries if p.startswith("storage")]:
            del other.entries[path]
        other.write("var/log/notes.txt", b"nothing of a store\n")
        return node, _packed(other.tar(), ".tar.zst")
    return node, {"text": b"ssh: connect to host: timed out\n", "empty": b"", "garbage": dice.randbytes(4096)}[how]


_MAKERS = {HEALTHY: _healthy, COMMON: _common, OTHER: _other, BROKEN: _broken}


def _varied(store: str, dice: random.Random) -> Capture:
    """Return a healthy store from which images that no container uses are removed by dice."""
    capture = Capture(_STORES[store])
    if store == "arm":
        capture.drop_image(_ARM_LIST)
    for image in ("quay.example.test/data/db:15", "quay.example.test/shop/gateway:1.0"):
        if dice.random() < 0.5:
            capture.drop_image(image)
    return capture


def _finished(node: Node, capture: Capture, turn: int) -> tuple[Node, bytes]:
    """Add the facts of the node to the capture, and those of the capture to the truth."""
    architecture = "arm64" if node.store == "arm" or node.damage in _ARM_DAMAGES else "amd64"
    machine = _MACHINES[architecture]
    release = f"{node.kernel}.{machine}"
    capture.write("uname", f"Linux {node.name} {release} #1 SMP {machine} {machine} {machine} GNU/Linux\n".encode())
    capture.write("crio-version", f"crio version {node.engine}\nVersion:        {node.engine}\n".encode())
    layers, images = {row["id"]: row for row in capture.rows("layers.json")}, capture.images()
    bottoms = {capture.chain(row["layer"])[-1] for row in images if row.get("layer") in layers}
    form = _FORMS[turn % len(_FORMS)]
    truth = dataclasses.replace(
        node,
        file=node.name + form,
        architecture=architecture,
        images=tuple(sorted((row.get("names") or [row["id"]])[0] for row in images)),
        bases=tuple(sorted(layers[key].get("diff-digest") or key for key in bottoms if key in layers)),
    )
    return truth, _packed(capture.tar(), form)


def _packed(tar: bytes, form: str) -> bytes:
    if form == ".tar.zst":
        return zstandard.ZstdCompressor(level=3).compress(tar)
    return gzip.compress(tar, 1, mtime=0) if form == ".tar.gz" else tar


def _called(row: dict[str, Any], name: str) -> bool:
    return name in (*(row.get("names") or ()), *(row.get("names-history") or ()))


def _path_of(index: str) -> str:
    return f"storage/overlay-{index.removeprefix('volatile-').removesuffix('.json')}/{index}"


@functools.cache
def _members(source: Path) -> tuple[tuple[str, _Entry], ...]:
    with zstandard.open(source) as packed:
        plain = packed.read()
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        infos = tar.getmembers()
    starts = [info.offset for info in infos]
    last = infos[-1]
    ends = [*starts[1:], last.offset_data + (last.size + -last.size % 512 if last.isreg() else 0)]
    found = []
    for info, end in zip(infos, ends, strict=True):
        data = plain[info.offset_data : info.offset_data + info.size] if info.isreg() else b""
        found.append((info.name, _Entry(info, data, plain[info.offset : end])))
    return tuple(found)


def main() -> None:
    """Write a fleet and its truth."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--nodes", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    truth = [dataclasses.asdict(node) for node in make(options.directory / "captures", options.nodes, options.seed)]
    (options.directory / "truth.json").write_text(json.dumps({"nodes": truth}, indent=1) + "\n")


if __name__ == "__main__":
    main()
