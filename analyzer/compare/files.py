"""Files of layers in both captures: which came, went, or hold something else.

A layer whose columns are equal costs a few comparisons at the speed of C; files are looked at only where they differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.capture.kept import Kept, kept_facts
from analyzer.compare.match import Reason, absent, differing
from analyzer.compare.model import CHANGED, FILE, A, B, Change, ComparedItem
from analyzer.compare.records import layer_users
from analyzer.graph.relations import Relations
from analyzer.snapshot.content import DiffTable, Entry
from analyzer.snapshot.snapshot import QUICK, BundleSnapshot
from analyzer.snapshot.symlink_rows import resolve_row
from analyzer.snapshot.times import SECOND, format_time
from analyzer.source.member import BLOCK, CHAR, HARDLINK
from analyzer.source.member import FILE as REGULAR

COLUMNS = ("kinds", "flags", "modes", "uids", "gids", "sizes", "mtimes", "crcs", "extra")


class Files:
    """The files of a pair of groups.

    Args:
        a: the first capture.
        b: the second capture.
        first: the group of stores in the first.
        second: the same group in the second.

    Attributes:
        same: files that are the same in both.
        layers: layers whose files were compared.
        left_out: why the files of a layer of both captures were not compared, by capture, with how many such layers.
    """

    def __init__(self, a: BundleSnapshot, b: BundleSnapshot, first: Relations, second: Relations) -> None:
        self._captures = kept_facts(a.stores, a.bundle.format), kept_facts(b.stores, b.bundle.format)
        self._snapshots = a, b
        self._rels = first, second
        self.same = 0
        self.layers = 0
        self.left_out: dict[tuple[str, str], int] = {}

    def changes(self, unseen: tuple[Reason, Reason], store: str) -> Iterator[Change]:
        """Yield files that differ, of layers whose directory both captures hold; arguments as of `match`."""
        self._unseen = unseen
        first, second = (_tables(rel) for rel in self._rels)
        for key in sorted({*first, *second}):
            layer_id = key[0]
            if not all(rel.directory(layer_id) for rel in self._rels):
                continue
            before, after = first.get(key), second.get(key)
            if before is None or after is None or not (len(before) and len(after)):
                self._leave_out(before, after)
                continue
            self.layers += 1
            name = layer_users(self._rels[1], layer_id) or layer_users(self._rels[0], layer_id)
            yield from self._table(before, after, layer_id, name, store)

    def _leave_out(self, *tables: DiffTable | None) -> None:
        for side, table, snapshot in zip((A, B), tables, self._snapshots, strict=True):
            if table is None or not len(table):
                if snapshot.depth == QUICK:
                    why = "depth quick reads no contents"
                elif not snapshot.content_files:
                    why = "the bundle has no diff content"
                else:
                    why = "the bundle has no file of it"
                self.left_out[side, why] = self.left_out.get((side, why), 0) + 1

    def _table(self, before: DiffTable, after: DiffTable, layer_id: str, name: str, store: str) -> Iterator[Change]:
        if before.names == after.names and all(getattr(before, c) == getattr(after, c) for c in COLUMNS):
            self.same += len(before)
            return
        for path in before.index:
            item = self._item(before, path, layer_id, name)
            if path not in after.index:
                yield self._absent(B, item, before, store)
                continue
            other = self._item(after, path, layer_id, name)
            facts = tuple(differing(item.facts, other.facts))
            if facts:
                yield Change(FILE, CHANGED, item, other, store, facts)
            else:
                self.same += 1
        for path in after.index:
            if path not in before.index:
                yield self._absent(A, self._item(after, path, layer_id, name), after, store)

    def _absent(self, side: str, item: ComparedItem, table: DiffTable, store: str) -> Change:
        """Return a file that one capture lacks: a device node says nothing where that capture keeps none."""
        number = 0 if side == A else 1
        lacking = self._captures[number]
        entry = table.get(item.path[len(table.path) + 1 :])
        device = entry is not None and entry.kind in (CHAR, BLOCK)
        why = "the bundle has no device nodes" if device and (not lacking.nodes or lacking.unpacked) else ""
        return absent(FILE, item, side, why or self._unseen[number](item), store)

    def _item(self, table: DiffTable, path: str, layer_id: str, name: str) -> ComparedItem:
        row = resolve_row(table, table.index[path])
        entry = table.entry(row) if row >= 0 else table.entry(table.index[path])
        diff = table.path.rpartition("/")[2]
        return ComparedItem(f"{layer_id}/{diff}/{path}", layer_id, name, self._facts(entry), f"{table.path}/{path}")

    def _facts(self, entry: Entry) -> dict[str, str | None]:
        if entry.kind == HARDLINK or entry.cut:
            return {}  # a link to a file of another layer, or a file the archive ends in
        regular = entry.kind == REGULAR
        unpacked = any(capture.unpacked for capture in self._captures)
        facts: dict[str, str | None] = {
            "kind": entry.kind,
            "mode": None if unpacked or entry.kind == "symlink" else f"{entry.mode:04o}",
            "size": str(entry.size) if regular else None,
            "content": f"crc64 {entry.crc:016x}" if regular and entry.crc is not None else None,
            "target": entry.link if entry.kind == "symlink" else None,
            "device": f"{entry.rdev[0]}:{entry.rdev[1]}" if entry.kind in (CHAR, BLOCK) else None,
            "written": format_time(entry.mtime_ns // SECOND * SECOND) if regular else None,
            "attributes": self._attributes(entry.xattrs),
        }
        if all(capture.owners for capture in self._captures) and not unpacked:
            facts["owner"] = f"{entry.uid}:{entry.gid}"
        return facts

    def _attributes(self, xattrs: Mapping[str, bytes]) -> str | None:
        if not all(_keeps_attributes(capture) for capture in self._captures):
            return None
        return ", ".join(f"{name}={value.hex()}" for name, value in sorted(xattrs.items()))


def _keeps_attributes(kept: Kept) -> bool:
    return kept.privileged or kept.user


def _tables(rel: Relations) -> dict[tuple[str, str], DiffTable]:
    found: dict[tuple[str, str], DiffTable] = {}
    for store in rel.stores:
        for layer_id, directory in store.home.layers.items():
            for diff, table in directory.tables.items():
                found.setdefault((layer_id, diff), table)
    return found
