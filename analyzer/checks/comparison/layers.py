"""Compare every layer of a store that its bundle describes; done once for all rules."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.checks.comparison.capture import captured, store_owner
from analyzer.checks.comparison.compare import Comparison, name_owner
from analyzer.checks.comparison.facts import LayerFacts
from analyzer.checks.comparison.judge import Judge
from analyzer.checks.comparison.options import storage_options
from analyzer.checks.comparison.owners import Unknown, owners_of
from analyzer.limits import DEFAULT
from analyzer.snapshot.content import DiffTable, Entry
from analyzer.snapshot.snapshot import QUICK
from analyzer.snapshot.tar_split import TarSplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.checks.view import View
    from analyzer.snapshot.layers import LayerRecord
    from analyzer.snapshot.overlay import LayerDirectory
    from analyzer.snapshot.provenance import SmallFile

EMPTY = "the layer's diff is empty"
WHOLE_TREE_DRIVERS = ("vfs", "btrfs", "zfs")


def compare_layers(view: View) -> dict[str, LayerFacts]:
    """Return the facts of every image layer of the store, by id in record order."""
    return Comparer(view).run()


class Comparer:
    """What comparing the layers of one store needs to know of the whole snapshot."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.capture = captured(view.snapshot)
        self.options = storage_options(view.snapshot.host)
        self.owner = store_owner(view.store)
        self.tables = {
            table.path: table
            for store in view.snapshot.stores
            for layer in store.home.layers.values()
            for table in layer.tables.values()
        }

    def run(self) -> dict[str, LayerFacts]:
        """Compare one layer after the other, so that only one index is held at a time."""
        found: dict[str, LayerFacts] = {}
        for record in self._layers():
            facts = self._layer(record)
            if facts is not None:
                found[record.id] = facts
        for layer_id in self._emptied(found):
            found[layer_id] = self._emptied_layer(found[layer_id])
        return found

    def _emptied(self, found: dict[str, LayerFacts]) -> list[str]:
        """Return layers without any file, unless the capture took the files of few layers only."""
        empty = [i for i, facts in found.items() if facts.unjudged == EMPTY and facts.recorded and not facts.problems]
        full = sum(not facts.unjudged and facts.recorded > 0 for facts in found.values())
        return empty if len(empty) < full else []

    def _emptied_layer(self, facts: LayerFacts) -> LayerFacts:
        """Compare a layer with an empty directory."""
        directory, file = self.view.rel.directory(facts.record.id), facts.description
        if directory is None or file is None:
            return facts
        table = DiffTable(f"{directory.path}/diff")
        again = LayerFacts(facts.record, table.path, facts.source, file, total=facts.total, emptied=True)
        comparison = self._comparison(again, facts.record, directory, table)
        split = TarSplit(file, DEFAULT)
        comparison.run(split.entries())
        comparison.finish(split.paths)
        return again

    def _layers(self) -> Iterator[LayerRecord]:
        rel = self.view.rel
        for record in self.view.store.layers:
            own = rel.layer_store.get(record.id) is self.view.store and rel.layers.get(record.id) is record
            if own and not record.incomplete:
                yield record

    def _tar_split(self, layer_id: str) -> SmallFile | None:
        for store in (self.view.store, *self.view.rel.stores):
            if layer_id in store.tar_splits:
                return store.tar_splits[layer_id]
        return None

    def _layer(self, record: LayerRecord) -> LayerFacts | None:
        file = self._tar_split(record.id)
        if file is None:
            return None
        directory = self.view.rel.directory(record.id)
        table, why = self._table(record, directory)
        facts = LayerFacts(record, table.path if table else "", "tar-split", file)
        split = TarSplit(file, DEFAULT)
        comparison = self._comparison(facts, record, directory, table) if directory and table else None
        if comparison is None:
            facts.unjudged = why
            self._only_read(facts, split)
        else:
            comparison.run(split.entries())
        facts.problems, facts.limit = tuple(split.problems), split.limit
        facts.total = split.total if split.known_total and not split.limit else None
        if comparison is not None:
            if facts.problems or facts.limit:
                facts = _without_differences(facts, "its tar-split is damaged" if facts.problems else facts.limit)
            else:
                comparison.finish(split.paths)
            comparison.table.forget_index()
        return facts

    def _only_read(self, facts: LayerFacts, split: TarSplit) -> None:
        for entry in split.entries():
            facts.recorded += bool(entry.path)
            name_owner(facts.owners, entry)

    def _table(self, record: LayerRecord, directory: LayerDirectory | None) -> tuple[DiffTable | None, str]:
        """Return the table that holds a layer's files, or why there is none to compare."""
        if self.view.snapshot.depth == QUICK:
            return None, "depth quick reads no contents"
        if directory is None:
            return None, "the layer's directory is not in the bundle"
        mapped = directory.tables.get("diff1")
        own = directory.tables.get("diff")
        if own is not None and len(own):
            return own, ""
        if mapped is not None and len(mapped):
            return mapped, ""
        if record.id in self.view.rel.mapped or "diff1" in directory.entries:
            return None, "an id-mapped copy without files of its own"
        if "diff" not in directory.entries:
            return None, "the layer's diff is not in the bundle"
        if not directory.diff_is_directory():
            return None, "the layer's diff is not a directory"
        return None, EMPTY

    def _comparison(
        self, facts: LayerFacts, record: LayerRecord, directory: LayerDirectory, table: DiffTable
    ) -> Comparison:
        owners = owners_of(record, self.owner)
        if self.options.ignore_chown_errors:
            owners = (Unknown(), Unknown())
        judge = Judge(facts, owners, self.capture, self.options)
        own = directory.tables.get("diff")
        judge.mapped = table is not own
        diff = directory.entries.get("diff")
        comparison = Comparison(table, judge, self._resolve, diff.xattrs if diff is not None else None)
        comparison.rootless = self.owner[0] != 0
        comparison.whole_tree = judge.mapped or self.view.store.driver in WHOLE_TREE_DRIVERS
        comparison.partial = bool(record.toc_digest)
        judge.dated = not record.toc_digest
        if self.view.store.driver in WHOLE_TREE_DRIVERS:
            comparison.inherited = self._inherited(record)
        return comparison

    def _inherited(self, record: LayerRecord) -> dict[str, int] | None:
        """Return the names of the parent's whole tree, None when it is not known."""
        if not record.parent:
            return {}
        directory = self.view.rel.directory(record.parent)
        table = directory.tables.get("diff") if directory else None
        return dict(table.index) if table is not None and len(table) else None

    def _resolve(self, path: str) -> Entry | None:
        """Find a file by member path in any diff directory of the bundle."""
        hops = 0
        while path and hops < 8:
            hops += 1
            at = path.find("/diff")
            while at >= 0:
                end = path.find("/", at + 1)
                table = self.tables.get(path[:end]) if end > 0 else None
                if table is not None:
                    found = table.get(path[end + 1 :])
                    if found is None or found.kind != "hardlink":
                        return found
                    path = found.outside or f"{table.path}/{found.link}"
                    break
                at = path.find("/diff", at + 1)
            else:
                return None
        return None


def _without_differences(facts: LayerFacts, why: str) -> LayerFacts:
    return replace(facts, compared=0, unjudged=why, counts=Counter(), lists={}, patterns=Counter(), doubts=Counter())
