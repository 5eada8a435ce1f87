"""A bundle that was read, for investigation: frames, graph, objects and questions."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from analyzer.api.progress import reading_progress
from analyzer.api.reading import judge, read
from analyzer.causes.family import Family
from analyzer.checks.rule import Rule
from analyzer.errors import UsageError
from analyzer.snapshot.snapshot import STANDARD

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    import networkx as nx
    import pandas as pd

    from analyzer.report.report import Report
    from analyzer.snapshot.snapshot import Snapshot as Reading


def open(  # noqa: A001  the public name is analyzer.open
    path: str | os.PathLike[str],
    *,
    platform: str | None = None,
    depth: str = STANDARD,
    rules: Iterable[Rule] = (),
    causes: Iterable[Family] = (),
) -> Snapshot:
    """Read a bundle for investigation; in a notebook a bar shows how far the reading is.

    Args:
        path: a tar (plain or compressed), a directory, or `-`.
        platform: `os/arch[/variant]` of the node, when the bundle does not tell.
        depth: `quick`, `standard` or `deep`.
        rules: your own, beyond the built-in ones and those of installed plugins.
        causes: your own cause families, likewise.

    Raises:
        UnreadableError: it cannot be read or is no archive.
        NoStoreError: it holds no store.
        UsageError: no such depth.
    """
    with reading_progress() as progress:
        reading = read(path, depth=depth, progress=progress)
    return Snapshot(reading, platform, rules=rules, causes=causes)


class Snapshot:
    """A bundle that was read: records, findings and causes as DataFrames, relations as a graph.

    Everything is computed when it is first asked for and kept; nothing is shared between snapshots. A pickled snapshot
    carries its report.

    Attributes:
        reading: the parsed bundle itself (`analyzer.snapshot.snapshot.Snapshot`).
    """

    def __init__(
        self,
        reading: Reading,
        platform: str | None = None,
        *,
        rules: Iterable[Rule] = (),
        causes: Iterable[Family] = (),
    ) -> None:
        self.reading = reading
        self._platform = platform
        self._rules = tuple(rules)
        self._families = tuple(causes)

    @cached_property
    def _report(self) -> Report:
        return judge(self.reading, platform=self._platform, rules=self._rules, causes=self._families)

    def report(self) -> Report:
        """Return the report; computed once."""
        return self._report

    def with_checks(self, *more: Rule | Family) -> Snapshot:
        """Return the same reading to be judged with further rules and cause families; nothing is read again.

        Raises:
            UsageError: something is neither a rule nor a cause family.
        """
        for each in more:
            if not isinstance(each, Rule | Family):
                raise UsageError(f"with_checks takes rules and cause families, not a {type(each).__name__}")
        rules = [each for each in more if isinstance(each, Rule)]
        families = [each for each in more if isinstance(each, Family)]
        return Snapshot(self.reading, self._platform, rules=(*self._rules, *rules), causes=(*self._families, *families))

    @cached_property
    def layers(self) -> pd.DataFrame:
        """Return one row per layer record."""
        from analyzer.snapshot import frames  # noqa: PLC0415  pandas takes half a second to import

        return frames.layers(self.reading)

    @cached_property
    def images(self) -> pd.DataFrame:
        """Return one row per image record."""
        from analyzer.snapshot import frames  # noqa: PLC0415

        return frames.images(self.reading)

    @cached_property
    def containers(self) -> pd.DataFrame:
        """Return one row per container record."""
        from analyzer.snapshot import frames  # noqa: PLC0415

        return frames.containers(self.reading)

    @cached_property
    def findings(self) -> pd.DataFrame:
        """Return one row per finding, in report order."""
        from analyzer.report import frames  # noqa: PLC0415

        return frames.findings(self._report)

    @cached_property
    def causes(self) -> pd.DataFrame:
        """Return one row per cause, by rank."""
        from analyzer.report import frames  # noqa: PLC0415

        return frames.causes(self._report)

    @cached_property
    def graph(self) -> nx.DiGraph[Any]:
        """Return stores, layers, images and containers as a networkx graph with typed edges."""
        from analyzer.graph.build import build_graph  # noqa: PLC0415  networkx takes 0.1 s to import

        return build_graph(self.reading, list(self._report.relations))

    def __getstate__(self) -> dict[str, Any]:
        """Judge before pickling: rules are code and stay behind."""
        _ = self._report
        return {**vars(self), "_rules": (), "_families": ()}

    def __repr__(self) -> str:
        bundle = self.reading.bundle
        return f"<analyzer.Snapshot of {bundle.path!r}: {bundle.format}, {len(self.reading.stores)} stores>"
