"""A bundle that was read, for investigation: frames, graph, objects and questions."""

from __future__ import annotations

import os
import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Any

from analyzer.api.progress import reading_progress
from analyzer.api.reading import judge, read
from analyzer.causes.family import Family
from analyzer.checks.rule import Rule
from analyzer.errors import IncompleteBundleWarning, UsageError
from analyzer.limits import DEFAULT, Limits
from analyzer.report.model.coverage import not_read_whole
from analyzer.snapshot.snapshot import STANDARD

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from analyzer.api.diff import Diff
    from analyzer.api.graph import LayerGraph
    from analyzer.api.objects import CauseView, ContainerView, ImageView, LayerView
    from analyzer.api.plan import Plan
    from analyzer.api.report import Report
    from analyzer.api.simulation import Simulation
    from analyzer.api.why import Why
    from analyzer.report.formats.plots import Picture
    from analyzer.snapshot.snapshot import BundleSnapshot


def open(  # noqa: A001  the public name is analyzer.open
    path: str | os.PathLike[str],
    *,
    platform: str | None = None,
    depth: str = STANDARD,
    rules: Iterable[Rule] = (),
    causes: Iterable[Family] = (),
    limits: Limits = DEFAULT,
) -> Snapshot:
    """Read a bundle for investigation; in a notebook a bar shows how far the reading is.

    Where not all of it could be read, an `IncompleteBundleWarning` says so once; `Snapshot.coverage` has it all.

    Example:
        >>> import analyzer
        >>> s = analyzer.open("samples/modified-base.tar.zst")
        >>> s.cause(1).id
        'base-layer-modified'
        >>> s.affected.merge(s.containers, on="id").engine.tolist()
        ['cri-o', 'podman']
        >>> s.image("shop/api:2.0").read("etc/passwd").splitlines()[0]
        b'root:x:0:0:root:/root:/bin/sh'

    Args:
        path: a tar (plain or compressed), a directory, the URL of a tar, or `-`.
        platform: `os/arch[/variant]` of the node, when the bundle does not tell.
        depth: `quick`, `standard` or `deep`.
        rules: your own, beyond the built-in ones and those of installed plugins.
        causes: your own cause families, likewise.
        limits: bounds on what is read.

    Raises:
        UnreadableError: it cannot be read or is no archive.
        NoStoreError: it holds no store.
        UsageError: no such depth.
    """
    with reading_progress() as progress:
        reading = read(path, depth=depth, limits=limits, progress=progress)
    if text := not_read_whole(reading.losses, open_end=reading.open_end):
        warnings.warn(f"{os.fspath(path)}: {text}", IncompleteBundleWarning, stacklevel=2)
    return Snapshot(reading, platform, rules=rules, causes=causes)


class Snapshot:
    """A bundle that was read: records, findings and causes as DataFrames, relations as a graph.

    Everything is computed when it is first asked for and kept; nothing is shared between snapshots. A pickled snapshot
    carries its report.

    Attributes:
        reading: the parsed bundle itself (`analyzer.snapshot.snapshot.BundleSnapshot`).
    """

    def __init__(
        self,
        reading: BundleSnapshot,
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
        report = judge(self.reading, platform=self._platform, rules=self._rules, causes=self._families)
        if report.losses and not self.reading.losses:  # which came to light in judging
            text = f"{self.reading.bundle.path}: {not_read_whole(report.losses)}"
            warnings.warn(text, IncompleteBundleWarning, stacklevel=2)
        return report

    @cached_property
    def document(self) -> dict[str, Any]:
        """Return the JSON document of the report; computed once, not to be changed."""
        return self._report.to_dict()

    @property
    def coverage(self) -> dict[str, Any]:
        """Return what was and was not looked at: the block `coverage` of the report (`complete`, `losses`, …)."""
        found: dict[str, Any] = self.document["coverage"]
        return found

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
        from analyzer.api.frame import Frame  # noqa: PLC0415  pandas takes half a second to import
        from analyzer.report.formats import frames  # noqa: PLC0415

        return Frame(frames.layers(self._report))

    @cached_property
    def images(self) -> pd.DataFrame:
        """Return one row per image record."""
        from analyzer.api.frame import Frame  # noqa: PLC0415
        from analyzer.report.formats import frames  # noqa: PLC0415

        return Frame(frames.images(self._report))

    @cached_property
    def containers(self) -> pd.DataFrame:
        """Return one row per container record."""
        from analyzer.api.frame import Frame  # noqa: PLC0415
        from analyzer.report.formats import frames  # noqa: PLC0415

        return Frame(frames.containers(self._report))

    @cached_property
    def links(self) -> pd.DataFrame:
        """Return one row per short link of the overlay driver, as symlink, as `link` text, or both."""
        from analyzer.api.frame import Frame  # noqa: PLC0415
        from analyzer.snapshot import frames  # noqa: PLC0415

        return Frame(frames.links(self.reading))

    @cached_property
    def files(self) -> pd.DataFrame:
        """Return one row per file of every layer; empty at depth quick and for a bundle without contents."""
        from analyzer.api.frame import Frame  # noqa: PLC0415
        from analyzer.snapshot import frames  # noqa: PLC0415

        return Frame(frames.files(self.reading))

    @cached_property
    def changes(self) -> pd.DataFrame:
        """Return one row per file that is not as its layer's own description has it."""
        from analyzer.api.frame import Frame  # noqa: PLC0415
        from analyzer.report.formats import frames  # noqa: PLC0415

        return Frame(frames.changes(self._report))

    @cached_property
    def events(self) -> pd.DataFrame:
        """Return one row per time the bundle states, oldest first."""
        from analyzer.api.frame import Frame  # noqa: PLC0415
        from analyzer.report.formats import frames  # noqa: PLC0415

        return Frame(frames.events(self._report))

    @cached_property
    def space(self) -> pd.DataFrame:
        """Return the bytes each image holds alone and shares with others."""
        from analyzer.api.frame import Frame  # noqa: PLC0415
        from analyzer.report.formats import frames  # noqa: PLC0415

        return Frame(frames.image_space(self._report))

    @cached_property
    def findings(self) -> pd.DataFrame:
        """Return one row per finding, in report order."""
        from analyzer.api.frame import Frame  # noqa: PLC0415
        from analyzer.report.formats import frames  # noqa: PLC0415

        return Frame(frames.findings_of(self.document))

    @cached_property
    def causes(self) -> pd.DataFrame:
        """Return one row per cause, by rank."""
        from analyzer.api.frame import Frame  # noqa: PLC0415
        from analyzer.report.formats import frames  # noqa: PLC0415

        return Frame(frames.causes_of(self.document))

    @cached_property
    def affected(self) -> pd.DataFrame:
        """Return one row per object that a cause breaks."""
        from analyzer.api.frame import Frame  # noqa: PLC0415
        from analyzer.report.formats import frames  # noqa: PLC0415

        return Frame(frames.affected_of(self.document))

    @cached_property
    def graph(self) -> LayerGraph:
        """Return stores, layers, images and containers as a networkx graph with typed edges."""
        from analyzer.api.graph import layer_graph  # noqa: PLC0415  networkx takes 0.1 s to import

        return layer_graph(self._report, self.document)

    def cause(self, rank: int = 1) -> CauseView:
        """Return one cause, the first by default.

        Raises:
            UsageError: there is none of that rank.
        """
        from analyzer.api.objects import cause_view  # noqa: PLC0415

        return cause_view(self._report, self.document, rank)

    def layer(self, word: str) -> LayerView:
        """Return the layer that an id, the start of one, a digest, a link id or a path means.

        Raises:
            UsageError: it means none, or several.
        """
        from analyzer.api.objects import LayerView, find_one  # noqa: PLC0415

        return LayerView(self._report, self.document, find_one(self._report, word, "layer"))

    def image(self, word: str) -> ImageView:
        """Return the image that a name, an id, the start of one or a digest means; raises like `layer`."""
        from analyzer.api.objects import ImageView, find_one  # noqa: PLC0415

        return ImageView(self._report, self.document, find_one(self._report, word, "image"))

    def container(self, word: str) -> ContainerView:
        """Return the container that a name, an id or the start of one means; raises like `layer`."""
        from analyzer.api.objects import ContainerView, find_one  # noqa: PLC0415

        return ContainerView(self._report, self.document, find_one(self._report, word, "container"))

    def read(self, path: str) -> bytes:
        """Return the content of one file of the bundle, which is read again for it; nothing is extracted.

        Args:
            path: a member path, as the frames give it; one that starts at the graph root (`overlay/…/diff/etc/passwd`)
                or at the root of the node will do.

        Raises:
            UnreadableError: there is no such file, it is cut, or the bundle was a pipe.
        """
        from analyzer.api.content import content_of  # noqa: PLC0415

        return content_of(self.reading, path)

    def why(self, text: str) -> Why:
        """Return what in this store makes an engine print a message, and what to do; own rules take no part.

        Args:
            text: as found in a ticket, a journal or a terminal; wrapped, quoted or with escapes.

        Raises:
            UsageError: it is empty.
        """
        from analyzer.api.why import why  # noqa: PLC0415

        return why(self.reading, text, self._platform)

    def plan(self, *ranks: int) -> Plan:
        """Return the steps that mend all causes, or those of some ranks.

        Raises:
            UsageError: there is no cause of that rank.
        """
        from analyzer.api.plan import plan_of  # noqa: PLC0415

        return plan_of(self.document, ranks)

    def simulate(self, remove: Iterable[str]) -> Simulation:
        """Return what removing images, containers and layers would free and break.

        Args:
            remove: names, ids or starts of ids.

        Raises:
            UsageError: a word means nothing here, or several objects.
        """
        from analyzer.api.simulation import simulate  # noqa: PLC0415

        return simulate(self._report, remove)

    def diff(self, other: Snapshot) -> Diff:
        """Return what changed between this capture and a later one, of the same node or of another."""
        from analyzer.api.diff import Diff  # noqa: PLC0415

        return Diff(self.report(), other.report())

    def plot_space(self) -> Picture:
        """Draw the bytes of each image: shared with others, and its own. Needs the extra `notebook`."""
        from analyzer.report.formats.plots import space  # noqa: PLC0415  matplotlib is optional

        return space(self.space)

    def plot_timeline(self, since: str | None = None) -> Picture:
        """Draw the events, from a time on where one is given. Needs the extra `notebook`."""
        from analyzer.report.formats.plots import timeline  # noqa: PLC0415

        return timeline(self.events, since=since)

    def __getstate__(self) -> dict[str, Any]:
        """Judge before pickling: rules are code and stay behind."""
        _ = self._report
        return {**vars(self), "_rules": (), "_families": ()}

    def __repr__(self) -> str:
        bundle = self.reading.bundle
        return f"<analyzer.Snapshot of {bundle.path!r}: {bundle.format}, {len(self.reading.stores)} stores>"
