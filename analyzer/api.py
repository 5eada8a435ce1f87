"""What `analyzer.open` and `analyzer.analyze` do; the command line is built on the same two functions."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from analyzer.causes.case import Case
from analyzer.causes.family import builtin_families
from analyzer.causes.infer import infer
from analyzer.checks.rule import run_rules
from analyzer.errors import UsageError
from analyzer.graph.relations import relate
from analyzer.limits import DEFAULT, Limits
from analyzer.outlook.predict import predict
from analyzer.report.report import Report
from analyzer.snapshot.platform import platform_of
from analyzer.snapshot.snapshot import DEPTHS, STANDARD, read_snapshot
from analyzer.source.open import open_bundle

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    import networkx as nx
    import pandas as pd

    from analyzer.snapshot.snapshot import Snapshot as Reading
    from analyzer.source.member import MemberSource


def read(
    path: str | os.PathLike[str],
    *,
    depth: str = STANDARD,
    hash_input: bool = False,
    limits: Limits = DEFAULT,
    progress: Callable[[MemberSource], None] | None = None,
) -> Reading:
    """Read a bundle (file, directory or `-`) once.

    Raises:
        UnreadableError: it cannot be read or is no archive.
        NoStoreError: it holds no store.
        UsageError: no such depth.
    """
    if depth not in DEPTHS:
        raise UsageError(f"depth {depth!r}: expected one of {', '.join(DEPTHS)}")
    return read_snapshot(
        open_bundle(path, limits=limits, hash_input=hash_input), depth=depth, limits=limits, progress=progress
    )


def judge(reading: Reading, *, platform: str | None = None, engines: tuple[str, ...] = ()) -> Report:
    """Return the report on what was read: pure, no I/O.

    Args:
        reading: from `read`.
        platform: `os/arch[/variant]` of the node, when the caller knows it.
        engines: `cri-o@1.25`, `podman@4.3`, …, when the caller knows them.
    """
    relations = tuple(relate(reading))
    node = platform_of(reading, platform)
    checked = run_rules(reading, list(relations), engines=engines, platform=node)
    cases = []
    for rel in relations:
        stores = {(store.root, store.driver) for store in rel.stores}
        own = [f for f in checked.findings if (f.root, f.driver) in stores]
        cases.append(Case(reading, rel, own, engines))
    causes = infer(cases, builtin_families())
    outlook = predict(reading, relations, checked.findings, node, engines)
    return Report(reading, relations, checked, causes, outlook, node)


def analyze(
    path: str | os.PathLike[str], *, platform: str | None = None, depth: str = STANDARD, engines: tuple[str, ...] = ()
) -> Report:
    """Read a bundle and return the report on it; raises like `read`."""
    return judge(read(path, depth=depth), platform=platform, engines=engines)


def open(path: str | os.PathLike[str], *, platform: str | None = None, depth: str = STANDARD) -> Snapshot:  # noqa: A001  the public name is analyzer.open
    """Read a bundle for investigation; raises like `read`."""
    return Snapshot(read(path, depth=depth), platform)


class Snapshot:
    """A bundle that was read: records, findings and causes as DataFrames, relations as a graph.

    Attributes:
        reading: the parsed bundle itself (`analyzer.snapshot.snapshot.Snapshot`).
    """

    def __init__(self, reading: Reading, platform: str | None = None) -> None:
        self.reading = reading
        self._platform = platform

    @cached_property
    def _report(self) -> Report:
        return judge(self.reading, platform=self._platform)

    def report(self) -> Report:
        """Return the report; computed once."""
        return self._report

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

    def __repr__(self) -> str:
        bundle = self.reading.bundle
        return f"<analyzer.Snapshot of {bundle.path!r}: {bundle.format}, {len(self.reading.stores)} stores>"
