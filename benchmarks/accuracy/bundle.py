"""A captured store in memory, to be damaged and judged: `tests.editing.Edited` with eyes for targets and for time.

What a hand does moves the clock: the file and its directory get a time after everything else in the store. What the
medium or a power cut does leaves times as they were.
"""

from __future__ import annotations

import base64
import copy
import functools
import json
import pathlib
import random
from collections.abc import Iterable, Iterator
from typing import Any

from analyzer.source.member import FILE
from analyzer.source.open import open_bundle
from tests.editing import Edited

HOUR = 3_600_000_000_000
DAY = 24 * HOUR
HOMES = {"overlay": "overlay", "vfs": "vfs/dir", "btrfs": "btrfs/subvolumes"}
"""Where a driver keeps its layer directories."""
ID = 64
Record = dict[str, Any]


class NotHere(Exception):  # noqa: N818  a choice of the draw, no error
    """This store has no target for the fault."""


@functools.cache
def _load(path: pathlib.Path) -> tuple[tuple[Any, bytes], ...]:
    source = open_bundle(path)
    try:
        return tuple((member, b"".join(map(bytes, body.chunks()))) for member, body in source)
    finally:
        source.close()


class Bundle(Edited):
    """One healthy capture, loaded anew for each case; `dice` chooses targets."""

    def __init__(self, path: pathlib.Path, seed: str = "") -> None:
        self.path, self.place = path.name, path.parent
        self.entries = {member.path: (copy.copy(member), data) for member, data in _load(path)}
        self.losses, self.notes, self.members = [], [], 0
        self.dice = random.Random(seed)
        self.graph_root, self.root, self.additional, self.driver = _roots(self.entries)
        self.later = (
            max(self.entries[self.index(f"{part}.json")][0].mtime_ns for part in ("layers", "images")) + 6 * HOUR
        )
        self.changed_ns = self.later
        self.before = (self.all_layers(), self.all_images(), self.all_containers())

    # records

    def at(self, *parts: str) -> str:
        """Return a member path below the graph root; `overlay` stands for whatever driver the store has.

        Raises:
            NotHere: the driver has no such thing.
        """
        path = "/".join(parts)
        if self.driver != "overlay" and path.startswith("overlay"):
            path = self._of_another_driver(path)
        beside = path.startswith((f"{self.driver}-containers", "libpod")) or path.endswith(".tar-split.gz")
        return _join(self.graph_root if beside else self.root, path)

    def _of_another_driver(self, path: str) -> str:
        if path.startswith("overlay-"):
            return f"{self.driver}{path.removeprefix('overlay')}"
        _, _, below = path.partition("/")
        layer, _, inner = below.partition("/")
        if not below:
            return HOMES[self.driver]
        if len(layer) != ID or (inner and inner.partition("/")[0] != "diff"):
            raise NotHere
        return "/".join(filter(None, (HOMES[self.driver], layer, inner.removeprefix("diff").lstrip("/"))))

    def index(self, name: str) -> str:
        """Return the path of an index file, e.g. `layers.json`; volatile ones may lie in the run root."""
        path = self.at(f"overlay-{name.removeprefix('volatile-').removesuffix('.json')}", name)
        if path not in self.entries and name.startswith("volatile-"):
            return next((p for p in self.entries if p.endswith(f"/{name}")), path)
        return path

    def rows(self, name: str) -> list[Record]:
        path = self.index(name)
        return json.loads(self.data(path) or b"[]") if path in self.entries else []

    def put(self, name: str, rows: Iterable[Any]) -> None:
        self.write_records(self.index(name), list(rows))

    def all_layers(self) -> dict[str, Record]:
        """Return layer records of the graph root by id, volatile ones included; see `lent` for those of others."""
        return {r["id"]: r for r in (*self.rows("layers.json"), *self.rows("volatile-layers.json"))}

    def all_images(self) -> dict[str, Record]:
        return {r["id"]: r for r in self.rows("images.json")}

    def all_containers(self) -> dict[str, Record]:
        return {r["id"]: r for r in (*self.rows("containers.json"), *self.rows("volatile-containers.json"))}

    def lent(self, part: str) -> dict[str, Record]:
        """Return records of the additional store, where there is one."""
        path = f"{self.additional}/{self.driver}-{part}/{part}.json"
        return {r["id"]: r for r in json.loads(self.data(path))} if path in self.entries else {}

    def file_of(self, kind: str, object_id: str) -> str:
        """Return the name of the index file that holds a record."""
        names = (f"{kind}.json", f"volatile-{kind}.json")
        return next(name for name in names if any(row["id"] == object_id for row in self.rows(name)))

    def change_record(self, kind: str, object_id: str, **fields: Any) -> None:
        name = self.file_of(kind, object_id)
        rows = [{**row, **fields} if row["id"] == object_id else row for row in self.rows(name)]
        self.put(name, [{k: v for k, v in row.items() if v is not None} for row in rows])

    def drop_record(self, kind: str, object_id: str) -> None:
        name = self.file_of(kind, object_id)
        self.put(name, [row for row in self.rows(name) if row["id"] != object_id])

    # targets, by role and never by name

    def chain_of(self, layer: str) -> list[str]:
        layers, chain = {**self.lent("layers"), **self.before[0]}, []
        while layer and layer not in chain:
            chain.append(layer)
            layer = layers.get(layer, {}).get("parent", "")
        return chain

    def image(self, *, used: bool | None = None, layers: int = 1, named: bool = True) -> Record:
        """Draw an image that has layers; `used` by a container or not."""
        users = {c["image"] for c in self.before[2].values()}
        found = [
            i
            for i in self.before[1].values()
            if i.get("layer") in self.before[0]
            and len(self.chain_of(i["layer"])) >= layers
            and (used is None or (i["id"] in users) == used)
            and (not named or i.get("names"))
        ]
        return self.draw(found)

    def layer(self, *, top: bool | None = None, shared: bool | None = None, parent: bool | None = None) -> str:
        """Draw an image's layer of this graph root with files in it: `top` of an image, `shared` by several."""
        tops = {i.get("layer") for i in self.before[1].values()}
        found = []
        for key, record in self.before[0].items():
            images, _ = standing(self, layers=[key])
            if not images or not record.get("diff-digest"):
                continue
            if top is not None and (key in tops) != top:
                continue
            if shared is not None and (len(images) > 1) != shared:
                continue
            if parent is not None and bool(record.get("parent")) != parent:
                continue
            found.append(key)
        return self.draw(sorted(found))

    def container(self, *, crio: bool | None = None, image: bool = True) -> Record:
        found = [
            c
            for c in self.before[2].values()
            if (not image or c["image"] in self.before[1])
            and (crio is None or ("pod-id" in c.get("metadata", "")) == crio)
        ]
        return self.draw(found)

    def draw(self, found: Iterable[Any]) -> Any:
        found = list(found)
        if not found:
            raise NotHere
        return self.dice.choice(found)

    def files(self, layer: str, *, least: int = 1, executable: bool | None = None) -> list[str]:
        """Return regular files of a layer with content, hard-linked ones left out."""
        top = self.at("overlay", layer, "diff") + "/"
        linked = {m.link for m, _ in self.entries.values() if m.kind == "hardlink"}
        return [
            path
            for path, (member, data) in self.entries.items()
            if path.startswith(top)
            and member.kind == FILE
            and path not in linked
            and len(data) >= least
            and (executable is None or bool(member.mode & 0o111) == executable)
        ]

    def layer_with_files(self, count: int = 1, **wanted: Any) -> tuple[str, list[str]]:
        """Draw a layer and `count` of its files."""
        for _ in range(40):
            layer = self.layer(**wanted)
            files = self.files(layer, least=40)
            if len(files) >= count:
                return layer, self.dice.sample(files, count)
        raise NotHere

    def big_data(self, image: str, key: str) -> str:
        plain = all(c in "abcdefghijklmnopqrstuvwxyz0123456789.-" for c in key) and key[0] != "."
        name = key if plain else "=" + base64.b64encode(key.encode()).decode()
        path = self.at("overlay-images", image, name)
        if path not in self.entries:
            raise NotHere
        return path

    def config(self, image: str) -> str:
        return self.big_data(image, f"sha256:{image}")

    def neighbours(self) -> Iterator[Bundle]:
        """Yield the other healthy stores of the same stock, in an order that is drawn."""
        told = self.place / "accidents.json"
        accidents = {each["bundle"] for each in json.loads(told.read_text())} if told.exists() else set()
        names = sorted(path.name for path in self.place.glob("*.tar") if path.name not in {*accidents, self.path})
        for name in self.dice.sample(names, len(names)):
            yield Bundle(self.place / name)

    # changes

    def by_hand(self, *paths: str) -> None:
        """Give paths a time after everything else, and their directories too."""
        for path in paths:
            for each in (path, path.rpartition("/")[0]):
                if each in self.entries:
                    self.entries[each][0].mtime_ns = self.later

    def take(self, *paths: str) -> None:
        """Remove trees by hand."""
        for path in paths:
            self.remove(path)
            self.by_hand(path)

    def edit(self, path: str, data: bytes) -> None:
        self.write(path, data)
        self.by_hand(path)

    def flip(self, path: str, position: int | None = None) -> None:
        """Flip one bit without moving the clock, as the medium or the memory does."""
        data = bytearray(self.data(path))
        at = self.dice.randrange(len(data)) if position is None else position
        data[at] ^= 1 << self.dice.randrange(8)
        self.write(path, bytes(data))

    def link_of(self, layer: str) -> str:
        return self.at("overlay/l", self.text(self.at("overlay", layer, "link")))


def _join(root: str, path: str) -> str:
    return f"{root}/{path}" if root else path


def _roots(entries: Iterable[str]) -> tuple[str, str, str, str]:
    """Return (graph root, root of the image store, root of an additional store or `""`, driver) of a capture.

    The image store is the graph root itself, unless it is split off: then it has the index of images.
    """
    found: dict[str, dict[str, None]] = {}
    for path in entries:
        place, _, name = path.rpartition("/")
        root, _, part = place.rpartition("/")
        driver, _, kind = part.rpartition("-")
        if name == f"{kind}.json" and driver in HOMES:
            found.setdefault(root, {})[f"{driver}-{kind}"] = None
    with_containers = [root for root, parts in found.items() if any(part.endswith("-containers") for part in parts)]
    with_images = [root for root, parts in found.items() if any(part.endswith("-images") for part in parts)]
    graph = (with_containers or [root for root in with_images if root.endswith("storage")] or with_images)[0]
    images = graph if graph in with_images else with_images[0]
    additional = next((root for root in with_images if root not in (graph, images)), "")
    return graph, images, additional, next(iter(found[images])).rpartition("-")[0]


def standing(
    store: Bundle, layers: Iterable[str] = (), images: Iterable[str] = (), containers: Iterable[str] = ()
) -> tuple[set[str], set[str]]:
    """Return (image ids, container ids) that need any of the objects, from the records before the damage."""
    wanted, named, hit = set(layers), set(images), set(containers)
    own = {**store.lent("images"), **store.before[1]}
    named |= {key for key, i in own.items() if wanted & set(store.chain_of(i.get("layer", "")))}
    hit |= {
        key
        for key, c in store.before[2].items()
        if c["image"] in named or wanted & set(store.chain_of(c.get("layer", "")))
    }
    return named, hit


def serving(store: Bundle, layers: Iterable[str]) -> tuple[set[str], set[str]]:
    """Return (image ids, container ids) that see the files of layers: full copies have files of their own."""
    wanted = set(layers)
    if store.driver == "overlay":
        return standing(store, wanted)
    images = {key for key, row in store.before[1].items() if row.get("layer") in wanted}
    return images, {key for key, row in store.before[2].items() if row.get("layer") in wanted}


def emptied(store: Bundle, name: str) -> list[str]:
    """Return the path of an index file that a fault left as an empty list: then the file is as good a subject."""
    path = store.index(name)
    return [path] if path in store.entries and not store.rows(name) else []


def everybody(store: Bundle) -> tuple[set[str], set[str]]:
    """Return every image and container of the graph root."""
    return set(store.before[1]), set(store.before[2])
