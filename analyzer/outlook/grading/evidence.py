"""What the bundle says of the layers a check complains of: files as recorded, files as found, findings by record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from analyzer.checks.finding import WARNING, Finding
from analyzer.checks.store_view import StoreView
from analyzer.graph.relations import Relations
from analyzer.limits import DEFAULT
from analyzer.outlook.loaded import Loaded, load
from analyzer.outlook.mounting import Mounts
from analyzer.snapshot.content import Entry
from analyzer.snapshot.platform import Platform
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.snapshot.store import Store
from analyzer.snapshot.tar_entry import TarEntry
from analyzer.snapshot.tar_split import TarSplit
from analyzer.verify.facts import Difference, LayerFacts

HOLDERS = 64


class GradedTree(NamedTuple):
    """The files of one layer tar: entries by path, and directories that lead to them without an entry of their own."""

    entries: Mapping[str, TarEntry]
    implied: frozenset[str]


class GradingEvidence:
    """Lookups over one group of stores.

    Args:
        snapshot: everything the bundle says.
        rel: relations of the stores that were checked.
        findings: of the rules.
        platform: the node's.
    """

    def __init__(
        self, snapshot: BundleSnapshot, rel: Relations, findings: Iterable[Finding], platform: Platform
    ) -> None:
        self.snapshot = snapshot
        self.rel = rel
        self.view = StoreView(snapshot, rel.stores[0], rel, (), platform)
        self._platform = platform
        self._views: dict[int, StoreView] = {id(rel.stores[0]): self.view}
        self._trees: dict[str, GradedTree | None] = {}
        self._about: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.is_at_least(WARNING):
                for key in {finding.subject.id, finding.layer} - {""}:
                    self._about.setdefault(key, []).append(finding)

    def finding(self, record: str, *rules: str) -> Finding | None:
        """Return the first finding about a record of the given rules, or whose id starts with one of them."""
        return next((f for f in self._about.get(record, ()) if f.rule.startswith(rules)), None)

    def first_finding(self, records: Iterable[str], *rules: str) -> Finding | None:
        """Return the first finding of the given rules about the first of some records that has any."""
        return next(filter(None, (self.finding(record, *rules) for record in records)), None)

    def unseen(self, layer_id: str) -> str:
        """Return why a layer's files cannot be compared, `""` where they were."""
        facts = self.facts(layer_id)
        return facts.unjudged if facts is not None else "nothing in the bundle describes its files"

    @cached_property
    def state(self) -> Loaded:
        """Return the store as an engine holds it after opening."""
        return load(self.view)

    @cached_property
    def mounts(self) -> Mounts | None:
        """Return which layers can be mounted, None when the bundle does not list their directories."""
        return Mounts.of(self.state, self.view)

    def chain(self, layer_id: str) -> list[str]:
        """Return a layer and what it stands on, nearest first."""
        return list(self.rel.chain(layer_id))

    def store_of(self, layer_id: str) -> Store:
        """Return the store that has the record of a layer, the graph root for an unknown one."""
        return self.rel.layer_store.get(layer_id, self.rel.stores[0])

    def facts(self, layer_id: str) -> LayerFacts | None:
        """Return what comparing a layer's files with its description gave, None where nothing describes it."""
        store = self.store_of(layer_id)
        view = self._views.get(id(store))
        if view is None:
            view = self._views[id(store)] = StoreView(self.snapshot, store, self.rel, (), self._platform)
        return view.contents.get(layer_id)

    def differences(self, layer_id: str) -> list[Difference]:
        """Return the listed differences of a layer's files."""
        facts = self.facts(layer_id)
        return facts.of(*facts.lists) if facts is not None else []

    def tree(self, layer_id: str) -> GradedTree | None:
        """Return the files of a layer's tar, None where there is no readable tar-split."""
        if layer_id not in self._trees:
            self._trees[layer_id] = self._read(layer_id)
            while len(self._trees) > HOLDERS:
                del self._trees[next(iter(self._trees))]
        return self._trees[layer_id]

    def _read(self, layer_id: str) -> GradedTree | None:
        file = next((store.tar_splits[layer_id] for store in self.rel.stores if layer_id in store.tar_splits), None)
        if file is None:
            return None
        split = TarSplit(file, DEFAULT)
        entries = {entry.path: entry for entry in split.entries() if entry.path}
        if split.problems or split.limit:
            return None
        implied: set[str] = set()
        for path in entries:
            parent = path.rpartition("/")[0]
            while parent and parent not in entries and parent not in implied:
                implied.add(parent)
                parent = parent.rpartition("/")[0]
        return GradedTree(entries, frozenset(implied))

    def found(self, layer_id: str, path: str) -> Entry | None:
        """Return a file of a layer's diff as captured, None where the bundle has none."""
        directory = self.rel.directory(layer_id)
        table = directory.tables.get("diff") if directory is not None else None
        return table.get(path) if table is not None and len(table) else None
