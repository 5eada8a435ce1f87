"""Compare every layer of a store that its bundle describes; done once for all rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from msgspec.structs import replace

from analyzer.capture.answer import Removed
from analyzer.capture.model import capture_of
from analyzer.capture.recorded import description
from analyzer.graph.relations import Relations
from analyzer.snapshot.content import DiffTable, Entry
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.overlay import LayerDirectory
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.second_pass import table_of
from analyzer.snapshot.snapshot import QUICK, BundleSnapshot
from analyzer.snapshot.store import Store
from analyzer.snapshot.tar_entry import TarEntry
from analyzer.snapshot.tar_split import TarSplit
from analyzer.snapshot.toc import Toc
from analyzer.source.allocation import much_made
from analyzer.source.member import HARDLINK
from analyzer.source.parallel import map_in_workers
from analyzer.verify.differences import TableComparison, name_owner, note_entries
from analyzer.verify.entry_judge import EntryJudge
from analyzer.verify.facts import FLAT_TOC, TAR_SPLIT, TOC, LayerFacts
from analyzer.verify.id_maps import UnknownIds, owners_of, store_owner, unmoved
from analyzer.verify.inherited import inherited
from analyzer.verify.opaque_marks import honoured_names
from analyzer.verify.roots import compare_roots
from analyzer.verify.settle import settle
from analyzer.verify.storage_options import storage_options

EMPTY = "the layer's diff is empty"
HOPS = 8
WHOLE_TREE_DRIVERS = ("vfs", "btrfs", "zfs")


def compare_layers(snapshot: BundleSnapshot, store: Store, rel: Relations) -> dict[str, LayerFacts]:
    """Return the facts of every image layer of a store, by id in record order; compared once, then remembered."""
    key = ("contents", store.root, store.driver)
    if key not in rel.memo:
        with much_made():
            rel.memo[key] = Comparer(snapshot, store, rel).run()
    facts: dict[str, LayerFacts] = rel.memo[key]
    return facts


class Comparer:
    """What comparing the layers of one store needs to know of the whole snapshot."""

    def __init__(self, snapshot: BundleSnapshot, store: Store, rel: Relations) -> None:
        self.snapshot = snapshot
        self.store = store
        self.rel = rel
        self.capture = capture_of(snapshot, rel)
        self.kept = self.capture.kept
        self.options = storage_options(snapshot.host)
        self.owner = store_owner(store)
        self.honoured = honoured_names(store, rootless=self.owner[0] != 0)
        self._known: dict[str, list[TarEntry] | None] = {}
        self.limits = snapshot.limits
        self.tables = {
            table.path: table
            for other in snapshot.stores
            for layer in other.home.layers.values()
            for table in layer.tables.values()
        }

    def run(self) -> dict[str, LayerFacts]:
        """Compare one layer after the other, so that only one index is held at a time."""
        found: dict[str, LayerFacts] = {}
        records = list(self._layers())
        for record, facts in zip(records, map_in_workers(self._bare, records, self._weight), strict=True):
            if facts is not None:
                facts.record, facts.description = record, self._file(record.id)
                found[record.id] = facts
        for layer_id in self._emptied(found):
            found[layer_id] = self._emptied_layer(found[layer_id])
        settle(self.capture, self.store, self.rel, found, self.tables)
        if not self.options.force_mask:
            compare_roots(self.store, self.rel, found, self.kept, self.owner)
        return found

    def _bare(self, record: LayerRecord) -> LayerFacts | None:
        """Return the facts of a layer without the file they come from, which need not go through a pipe."""
        facts = self._layer(record)
        return replace(facts, description=None) if facts is not None else None

    def _file(self, layer_id: str) -> SmallFile | None:
        split = self._description(layer_id)
        return split.file if split is not None else None

    def _weight(self, record: LayerRecord) -> int:
        file = self._file(record.id)
        return len(file.data or b"") if file is not None else 0

    def _emptied(self, found: dict[str, LayerFacts]) -> list[str]:
        """Return layers without any file, unless the capture took the files of few layers only.

        A directory that was changed after its layer was unpacked tells by itself.
        """
        empty = [i for i, facts in found.items() if facts.unjudged == EMPTY and facts.recorded and not facts.problems]
        full = sum(not facts.unjudged and facts.recorded > 0 for facts in found.values())
        return empty if len(empty) < full else [layer_id for layer_id in empty if self._changed(found[layer_id])]

    def _changed(self, facts: LayerFacts) -> bool:
        directory = self.rel.directory(facts.record.id, self.store)
        if directory is None:
            return False
        table = DiffTable(f"{directory.path}/diff")
        clock = self.capture.layer_clock((self.store, *self.rel.stores), facts.record, directory, table)
        return isinstance(clock.answer("any"), Removed)

    def _emptied_layer(self, facts: LayerFacts) -> LayerFacts:
        """Compare a layer with an empty directory."""
        directory, split = self.rel.directory(facts.record.id, self.store), self._description(facts.record.id)
        if directory is None or split is None:
            return facts
        table = DiffTable(f"{directory.path}/diff")
        again = LayerFacts(facts.record, table.path, facts.source, split.file, total=facts.total, emptied=True)
        comparison = self._comparison(again, facts.record, directory, table)
        comparison.run(split.groups())
        comparison.finish(split.paths)
        return again

    def _layers(self) -> Iterator[LayerRecord]:
        """Yield the layers of this store: its own copy, too, of one that another store has before it."""
        copies: set[str] = set()
        for record in self.store.layers:
            own = self.rel.layers.get(record.id) is record
            if self.rel.layer_store.get(record.id) is not self.store:
                own = record.id in self.store.home.layers and record.id not in copies
                copies.add(record.id)
            if own and not record.incomplete:
                yield record

    def _description(self, layer_id: str) -> TarSplit | Toc | None:
        """Return what describes a layer: its tar-split, else the table of contents of a partial pull."""
        return description((self.store, *self.rel.stores), layer_id, self.limits)

    def _layer(self, record: LayerRecord) -> LayerFacts | None:
        split = self._description(record.id)
        if split is None:
            return None
        directory = self.rel.directory(record.id, self.store)
        table, why = self._table(record, directory)
        facts = LayerFacts(record, table.path if table else "", _source(split), split.file)
        comparison = self._comparison(facts, record, directory, table) if directory and table else None
        if comparison is None:
            facts.unjudged = why
            self._only_read(facts, split)
        else:
            comparison.run(split.groups())
        facts.problems, facts.limit = tuple(split.problems), split.limit
        if isinstance(split, TarSplit) and split.known_total and not split.limit:
            facts.total = split.total
        if comparison is not None:
            if facts.problems or facts.limit:
                facts = _without_differences(facts, f"its {facts.source} is damaged" if facts.problems else facts.limit)
            else:
                comparison.finish(split.paths | self._compare_inherited(comparison, record))
            comparison.table.forget_index()
        return facts

    def _compare_inherited(self, comparison: TableComparison, record: LayerRecord) -> set[str]:
        """Compare what a full copy holds of its parents' files too; return the paths of these."""
        if not comparison.whole_tree or not record.parent:
            return set()
        chain = list(self.rel.chain(record.parent))
        parents = [self._entries(layer_id) for layer_id in reversed(chain)]
        own = self._entries(record.id)
        top = self.rel.layers.get(chain[-1]) if chain else None
        if own is None or top is None or top.parent or any(entries is None for entries in parents):
            return set()
        mounted = comparison.judge.mapped and self.store.driver == "overlay"
        brought = inherited((entries for entries in parents if entries is not None), own, mounted=mounted)
        facts = comparison.facts
        recorded, owners = facts.recorded, (set(facts.owners[0]), set(facts.owners[1]))
        comparison.run(brought)
        facts.recorded, facts.owners = recorded, owners
        return {entry.path for entry in brought}

    def _entries(self, layer_id: str) -> list[TarEntry] | None:
        """Return every entry of a layer tar, None where its description is missing, damaged or not read to its end."""
        if layer_id not in self._known:
            split = self._description(layer_id)
            entries = list(split.entries()) if split is not None and _source(split) != FLAT_TOC else None
            self._known[layer_id] = None if split is None or split.problems or split.limit else entries
        return self._known[layer_id]

    def _only_read(self, facts: LayerFacts, split: TarSplit | Toc) -> None:
        for group in split.groups():
            if isinstance(group, TarEntry):
                facts.recorded += bool(group.path)
                name_owner(facts.owners, group)
            else:
                note_entries(facts, group)

    def _table(self, record: LayerRecord, directory: LayerDirectory | None) -> tuple[DiffTable | None, str]:
        """Return the table that holds a layer's files, or why there is none to compare."""
        if self.snapshot.depth == QUICK:
            return None, "depth quick reads no contents"
        if directory is None:
            return None, "the layer's directory is not in the bundle"
        mapped = directory.tables.get("diff1")
        own = directory.tables.get("diff")
        if own is not None and len(own):
            return own, ""
        if mapped is not None and len(mapped):
            return mapped, ""
        if record.id in self.rel.mapped or "diff1" in directory.entries:
            return None, "an id-mapped copy without files of its own"
        if "diff" not in directory.entries:
            return None, "the layer's diff is not in the bundle"
        if not directory.diff_is_directory():
            return None, "the layer's diff is not a directory"
        return None, EMPTY

    def _comparison(
        self, facts: LayerFacts, record: LayerRecord, directory: LayerDirectory, table: DiffTable
    ) -> TableComparison:
        owners = owners_of(record, self.owner)
        flat = facts.source == FLAT_TOC
        if flat or self.options.ignore_chown_errors:
            owners = (UnknownIds(), UnknownIds())
        judge = EntryJudge(facts, owners, self.kept, self.options)
        judge.mapped = table.path.endswith("/diff1")
        judge.flat = flat
        judge.root_owned = facts.source != TAR_SPLIT
        diff = directory.entries.get("diff")
        comparison = TableComparison(table, judge, self._resolve, diff.xattrs if diff is not None else None)
        comparison.rootless = self.owner[0] != 0
        comparison.honoured = self.honoured
        comparison.whole_tree = judge.mapped or self.store.driver in WHOLE_TREE_DRIVERS
        comparison.partial = bool(record.toc_digest) or facts.source != TAR_SPLIT
        judge.dated = not comparison.partial
        if judge.mapped:
            comparison.left_below = partial(unmoved, record)
        if self.store.driver in WHOLE_TREE_DRIVERS:
            comparison.inherited = self._inherited(record)
            comparison.above = partial(self._above, record)
        return comparison

    def _inherited(self, record: LayerRecord) -> dict[str, int] | None:
        """Return the names of the parent's whole tree, None when it is not known."""
        if not record.parent:
            return {}
        directory = self.rel.directory(record.parent, self.store)
        table = directory.tables.get("diff") if directory else None
        return dict(table.index) if table is not None and len(table) else None

    def _above(self, record: LayerRecord) -> set[str] | None:
        """Return the names that the descriptions of a layer's parents give, None where one of them is not there."""
        names: set[str] = set()
        for layer_id in self.rel.chain(record.parent):
            split = self._description(layer_id)
            if split is None:
                return None
            names.update(entry.path for entry in split.entries())
        return names

    def _resolve(self, path: str) -> Entry | None:
        """Find a file by member path in any diff directory of the bundle."""
        for _ in range(HOPS):
            table = table_of(path, self.tables)
            found = table.get(path[len(table.path) + 1 :]) if table is not None else None
            if table is None or found is None or found.kind != HARDLINK:
                return found
            path = found.outside or f"{table.path}/{found.link}"
        return None


def _source(split: TarSplit | Toc) -> str:
    if isinstance(split, TarSplit):
        return TAR_SPLIT
    return FLAT_TOC if split.flat else TOC


def _without_differences(facts: LayerFacts, why: str) -> LayerFacts:
    return replace(facts, compared=0, unjudged=why, counts=Counter(), lists={}, patterns=Counter(), doubts=Counter())
