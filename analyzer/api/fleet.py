"""Many bundles as one set of frames: a row's `node` says where it came from."""

from __future__ import annotations

import os
from functools import cached_property, partial
from typing import TYPE_CHECKING

from analyzer.api.progress import meter
from analyzer.api.reading import read
from analyzer.api.session import Snapshot
from analyzer.errors import AnalyzerError, UsageError
from analyzer.snapshot.snapshot import STANDARD
from analyzer.source.locations.bundles import find_bundles
from analyzer.source.locations.globs import names_of
from analyzer.source.locations.within import bundles_within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

    from analyzer.api.report import Report
    from analyzer.report.formats.plots import Picture


def open_many(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    platform: str | None = None,
    depth: str = STANDARD,
    jobs: int = 1,
) -> Fleet:
    """Open many bundles; each is read when it is first asked for, and all of them when a frame of the fleet is.

    Example:
        >>> import analyzer
        >>> fleet = analyzer.open_many("samples/*.tar.zst")
        >>> fleet["seed-case"].cause(1).id
        'local-manifest-list'
        >>> fleet.causes.groupby("cause").node.nunique().to_dict()["local-manifest-list"]
        2

    Args:
        paths: a path, a pattern (`captures/*.tar.zst`, `**` for any depth), a directory of bundles, `@FILE` with one of
            these a line, or a list of them. `analyzer.analyze_many` is for fleets that do not fit into memory.
        platform: `os/arch[/variant]` of all nodes, when the bundles do not tell.
        depth: `quick`, `standard` or `deep`.
        jobs: how many processes read at once when all are read. A script that asks for more than one must stand under
            `if __name__ == "__main__":`, as with `multiprocessing`.

    Raises:
        UsageError: the pattern fits nothing. A bundle that cannot be read is named in `failed` and in `bundles`.
    """
    words = [paths] if isinstance(paths, str | os.PathLike) else paths
    named = find_bundles([os.fspath(word) for word in words])
    found = [each for path in named for each in bundles_within(path) or [path]]
    return Fleet({}, unread=dict(zip(names_of(found), found, strict=True)), platform=platform, depth=depth, jobs=jobs)


def _opened(path: str, *, platform: str | None, depth: str) -> Snapshot | str:
    """Return a bundle with its report, or why it cannot be read."""
    try:
        snapshot = Snapshot(read(path, depth=depth), platform)
        snapshot.report()
    except AnalyzerError as error:
        return str(error)
    return snapshot


class Fleet:
    """Snapshots by name, and their frames joined.

    Args:
        snapshots: bundles that were read, by name.
        failed: message of each bundle that could not be read, by name.
        unread: paths of further bundles, by name.
        platform, depth, jobs: how these are read.
    """

    def __init__(
        self,
        snapshots: Mapping[str, Snapshot],
        failed: Mapping[str, str] | None = None,
        *,
        unread: Mapping[str, str] | None = None,
        platform: str | None = None,
        depth: str = STANDARD,
        jobs: int = 1,
    ) -> None:
        self._paths = dict(unread or {})
        self._order = [*snapshots, *self._paths]
        self._read = dict(snapshots)
        self._failed = dict(failed or {})
        self._platform = platform
        self._depth = depth
        self._jobs = jobs

    @property
    def snapshots(self) -> dict[str, Snapshot]:
        """Return the readable bundles by name, in the order in which they were named."""
        self._read_all()
        return {name: self._read[name] for name in self._order if name in self._read}

    @property
    def failed(self) -> dict[str, str]:
        """Return the message of each bundle that could not be read, by name."""
        self._read_all()
        return dict(self._failed)

    def _read_all(self) -> None:
        waiting = [name for name in self._order if name in self._paths]
        bar = meter() if waiting else None
        try:
            for number, (name, found) in enumerate(zip(waiting, self._results(waiting), strict=True), 1):
                self._keep(name, found)
                if bar is not None:
                    bar.counted(number, len(waiting))
        finally:
            if bar is not None:
                bar.done()

    def _results(self, names: list[str]) -> Iterator[Snapshot | str]:
        """Yield the snapshot of each bundle, or the message of one that cannot be read."""
        ask = partial(_opened, platform=self._platform, depth=self._depth)
        paths = [self._paths[name] for name in names]
        if min(self._jobs, len(paths)) < 2:
            yield from map(ask, paths)
            return
        from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415  not for one process
        from multiprocessing import get_context  # noqa: PLC0415

        with ProcessPoolExecutor(min(self._jobs, len(paths)), mp_context=get_context("spawn")) as pool:
            yield from pool.map(ask, paths)

    def _keep(self, name: str, found: Snapshot | str) -> None:
        if isinstance(found, str):
            self._failed[name] = found
        else:
            self._read[name] = found
        del self._paths[name]

    def __getitem__(self, name: str) -> Snapshot:
        if name in self._paths:
            self._keep(name, next(self._results([name])))
        if name in self._read:
            return self._read[name]
        if name in self._failed:
            raise UsageError(f"{name!r} could not be read: {self._failed[name]}")
        raise UsageError(f"{name!r} is no bundle of this fleet; it has {', '.join(self._order[:6])}")

    def __len__(self) -> int:
        return len(self.snapshots)

    def __iter__(self) -> Iterator[str]:
        return iter(self.snapshots)

    def reports(self) -> dict[str, Report]:
        """Return the report on each bundle, by name."""
        return {name: snapshot.report() for name, snapshot in self.snapshots.items()}

    @cached_property
    def bundles(self) -> pd.DataFrame:
        """Return one row per bundle, those that could not be read included."""
        from analyzer.api.frame import Frame  # noqa: PLC0415  pandas takes half a second to import
        from analyzer.report.formats import frames  # noqa: PLC0415

        return Frame(frames.bundles({name: s.document for name, s in self.snapshots.items()}, self.failed))

    @cached_property
    def layers(self) -> pd.DataFrame:
        """Return the layer records of all bundles."""
        return self._joined(lambda s: s.layers)

    @cached_property
    def images(self) -> pd.DataFrame:
        """Return the image records of all bundles."""
        return self._joined(lambda s: s.images)

    @cached_property
    def containers(self) -> pd.DataFrame:
        """Return the container records of all bundles."""
        return self._joined(lambda s: s.containers)

    @cached_property
    def links(self) -> pd.DataFrame:
        """Return the short links of all bundles."""
        return self._joined(lambda s: s.links)

    @cached_property
    def files(self) -> pd.DataFrame:
        """Return the files of all bundles."""
        return self._joined(lambda s: s.files)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """Return the changed files of all bundles."""
        return self._joined(lambda s: s.changes)

    @cached_property
    def findings(self) -> pd.DataFrame:
        """Return the findings of all bundles."""
        return self._joined(lambda s: s.findings)

    @cached_property
    def causes(self) -> pd.DataFrame:
        """Return the causes of all bundles."""
        return self._joined(lambda s: s.causes)

    @cached_property
    def affected(self) -> pd.DataFrame:
        """Return what the causes of all bundles break."""
        return self._joined(lambda s: s.affected)

    @cached_property
    def events(self) -> pd.DataFrame:
        """Return the events of all bundles."""
        return self._joined(lambda s: s.events)

    def plot_causes(self) -> Picture:
        """Draw which bundle has which cause. Needs `pip install containers-storage-analyzer[notebook]`."""
        from analyzer.report.formats.plots import heat_map  # noqa: PLC0415  matplotlib is optional

        return heat_map(self.causes, list(self.snapshots))

    def _joined(self, frame_of: Callable[[Snapshot], pd.DataFrame]) -> pd.DataFrame:
        from analyzer.api.frame import Frame  # noqa: PLC0415
        from analyzer.snapshot.frames import joined  # noqa: PLC0415

        return Frame(joined({name: frame_of(snapshot) for name, snapshot in self.snapshots.items()}))

    def __repr__(self) -> str:
        failed = f", {len(self._failed)} not readable" if self._failed else ""
        unread = f", {len(self._paths)} not read yet" if self._paths else ""
        return f"<analyzer.Fleet of {len(self._read) + len(self._paths)} bundles{failed}{unread}>"
