"""A group of stores under repair: what it holds, and what it should hold, side by side.

The stages of a repair (`records`, `pictures`, `holders`, `shortcuts`, `directories`, `contents`) read one `Site` in
this order, set right what they know, and note every edit with the objects it is for.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct, field

from analyzer.checks.finding import Finding
from analyzer.graph.relations import Relations
from analyzer.repair.edits import Copy, Edit, Folder, Rename, ShortLink, Take, Write
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.gojson import as_text
from analyzer.snapshot.store import Store
from analyzer.source.member import DIRECTORY

Row = dict[str, Any]
INDEXES = {
    "layers": ("layers.json", "volatile-layers.json"),
    "images": ("images.json",),
    "containers": ("containers.json", "volatile-containers.json"),
}


class Noted(Struct, frozen=True):
    """One edit, in which store, what for (ids of objects, in order), and why in words."""

    store: int
    edit: Edit
    about: tuple[str, ...]
    why: str
    loss: str = ""


class Site(Struct, dict=True):
    """The stores of one group while they are set right.

    Attributes:
        rel: relations as found.
        findings: what the rules say of these stores.
        rows: right rows of every index, by store number and document key (`layers/layers.json`).
        found: the same as read from the bundle.
        links: right text of `link` by layer directory, one mapping a store.
        directories: names of the layer directories there will be, one set a store.
        made: layers whose directory is made anew.
        refill: layers whose files come from the donor, with the findings' words.
        noted: the edits.
        unsolved: what no edit mends, as (object, words).
        donors: images to pull for the donor root, by id.
        optional: what is taken from the donor if it has it, below the graph root.
        brings: how many layers that need files each image has.
        doubtful: what must be gone on the node before anything is done for a layer, below the graph root.
    """

    rel: Relations
    findings: tuple[Finding, ...]
    rows: list[dict[str, list[Row]]] = field(default_factory=list)
    found: list[dict[str, list[Row]]] = field(default_factory=list)
    links: list[dict[str, str]] = field(default_factory=list)
    directories: list[set[str]] = field(default_factory=list)
    made: dict[str, int] = field(default_factory=dict)
    refill: dict[str, str] = field(default_factory=dict)
    noted: list[Noted] = field(default_factory=list)
    unsolved: list[tuple[str, str]] = field(default_factory=list)
    donors: dict[str, list[str]] = field(default_factory=dict)
    lost: list[tuple[str, str]] = field(default_factory=list)
    renamed: dict[str, Any] = field(default_factory=dict)
    resplit: set[str] = field(default_factory=set)
    emptied: set[str] = field(default_factory=set)
    doubtful: dict[str, str] = field(default_factory=dict)
    optional: set[str] = field(default_factory=set)
    brings: Counter[str] = field(default_factory=Counter)
    settled: dict[str, dict[str, Row]] | None = None
    settled_parents: dict[str, str] | None = None

    @property
    def stores(self) -> list[Store]:
        """Return the stores, the graph root first."""
        return self.rel.stores

    def note(self, store: int, edit: Edit, *about: str, why: str, loss: str = "") -> None:
        """Note one edit; a path that leads out of the store is none of an engine's and is left alone."""
        paths = [edit.path, *([edit.to] if isinstance(edit, Rename | Copy) else [])]
        if any(part in ("", ".", "..") for path in paths for part in path.split("/")):
            self.unsolved.append((about[0] if about else "", "a path that no engine writes"))
            return
        named = tuple(dict.fromkeys(a for a in about if a)) or (edit.path,)
        self.noted.append(Noted(store, edit, named, why, loss))

    def waits_for(self, noted: Noted) -> str:
        """Return the path of the donor without which an edit must not be done, `""` for none.

        A directory that is made anew stands for files that were pulled: without them it stays away. A tar-split that
        may be right is kept where the donor, pulled in part, has none.
        """
        layer = noted.about[0]
        if isinstance(noted.edit, Take) and noted.edit.path in self.optional:
            return noted.edit.path
        if layer not in self.made or layer not in self.refill or not isinstance(noted.edit, Folder | Write | ShortLink):
            return ""
        if isinstance(noted.edit, Write) and layer not in noted.edit.path.split("/"):
            return ""
        return f"{layer_path(self.stores[noted.store].driver, layer)}{'/diff' * (self.stores[0].driver == 'overlay')}"

    def doubted_layer(self, noted: Noted) -> str:
        """Return the layer that must be gone on the node for an edit to be done, `""` for none."""
        return next((layer for layer in noted.about if layer in self.doubtful), "")

    def below(self, store: int, path: str) -> str:
        """Return a member path as one below its graph root."""
        root = self.stores[store].root
        return path[len(root) + 1 :] if root and path.startswith(root + "/") else path

    def write(
        self, store: int, path: str, data: bytes, *about: str, why: str, mode: int = 0o600, old: bytes | None = None
    ) -> None:
        """Note a file to write, unless it holds that already."""
        if old != data:
            replaces = hashlib.sha256(old).hexdigest() if old is not None else ""
            self.note(store, Write(path, data, mode, replaces), *about, why=why)

    # --- the right records

    def each(self, part: str) -> Iterator[tuple[int, str, Row]]:
        """Yield (store, document key, row) of every right row of a part, each id once: the first wins."""
        seen = set()
        for number, documents in enumerate(self.rows):
            for name in INDEXES[part]:
                for row in documents.get(f"{part}/{name}", ()):
                    if row.get("id") not in seen:
                        seen.add(row.get("id"))
                        yield number, f"{part}/{name}", row

    def settle(self) -> None:
        """Take the rows as they are now for right, so that lookups are made once."""
        self.settled, self.settled_parents = {}, None

    def right(self, part: str) -> dict[str, Row]:
        """Return the right rows of a part by id."""
        if self.settled is not None and part in self.settled:
            return self.settled[part]
        rows = {str(row.get("id")): row for _, _, row in self.each(part)}
        if self.settled is not None:
            self.settled[part] = rows
        return rows

    def parents(self) -> dict[str, str]:
        """Return the right parent of every layer, `""` for none."""
        if self.settled is None:
            return self._parents()
        if self.settled_parents is None:
            self.settled_parents = self._parents()
        return self.settled_parents

    def _parents(self) -> dict[str, str]:
        return {layer: str(row.get("parent") or "") for layer, row in self.right("layers").items()}

    def needed(self) -> set[str]:
        """Return the layers that an image or container stands on, by the right records."""
        parents = self.parents()
        tops = [row.get("layer") for part in ("images", "containers") for row in self.right(part).values()]
        tops += [top for row in self.right("images").values() for top in row.get("mapped-layers") or ()]
        found: set[str] = set()
        for top in tops:
            for layer in walk(parents, as_text(top)):
                if layer in found:
                    break
                found.add(layer)
        return found

    @cached_property
    def doubted(self) -> set[str]:
        """Return the layers whose recorded size the rules doubt."""
        return {f.subject.id for f in self.of("TSP-004", "LAY-006", "STO-005")}

    @cached_property
    def refused(self) -> set[str]:
        """Return the databases of podman's that do not open."""
        return {f.subject.path for f in self.of("LPD-001", at_least="error") if not f.facts.get("opens")}

    def of(self, *rules: str, at_least: str = "warning") -> list[Finding]:
        """Return findings of the rules of at least a severity."""
        return [f for f in self.findings if f.rule in rules and f.is_at_least(at_least)]

    def partial(self, layer: str) -> bool:
        """Tell whether a layer was pulled in part: its id then depends on what was there before it."""
        row = self.right("layers").get(layer, {})
        return "toc-digest" in row or any("chunked" in str(name) for name in row.get("big-data-names") or ())

    def home_of(self, layer: str) -> int:
        """Return the store that has, or should have, the directory of a layer."""
        for number, names in enumerate(self.directories):
            if layer in names:
                return number
        return next((number for number, _, row in self.each("layers") if row.get("id") == layer), 0)


def walk(parents: Mapping[str, str], layer: str) -> Iterator[str]:
    """Yield a layer and its parents, nearest first; a circle ends where it closes."""
    seen: set[str] = set()
    while layer and layer not in seen:
        seen.add(layer)
        yield layer
        layer = parents.get(layer, "")


def layer_path(driver: str, layer: str) -> str:
    """Return where a layer's directory lies below the graph root."""
    if driver == "overlay":
        return f"overlay/{layer}"
    return f"{driver}/{'subvolumes' if driver == 'btrfs' else 'dir'}/{layer}"


def open_site(rel: Relations, findings: tuple[Finding, ...]) -> Site:
    """Return the site of a group with everything as found."""
    site = Site(rel, findings)
    for store in rel.stores:
        rows = {}
        for key, document in store.documents.items():
            rows[key] = [dict(row.value) for row in document.salvaged.rows if isinstance(row.value, dict)]
        site.found.append(rows)
        site.rows.append(copy.deepcopy(rows))
        layers = {n: d for n, d in store.home.layers.items() if HEX_ID.fullmatch(n)}
        site.directories.append({n for n, d in layers.items() if not d.member or d.member.kind == DIRECTORY})
        site.links.append({})
    return site


def text_of_rows(rows: list[Row]) -> bytes:
    """Return an index file as the engines write it: one line, no spaces."""
    text = json.dumps(rows, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogateescape")
