"""Many members of the usual form as columns (numpy): the table of a stretch, and the runs that are taken from it."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.source.checksum import HAS_CRC, go_iso, streamed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.source.tar.columns import Column


class Members(NamedTuple):
    """Consecutive members in columns; item i of each is one member.

    Attributes:
        kinds: codes, index into `RUN_KINDS`.
        modes, uids, gids, sizes, mtimes_ns, offsets: as in `Member` (`offsets` is `data_offset`).
        marks: which set of attributes each has.
    """

    kinds: Column
    modes: Column
    uids: Column
    gids: Column
    sizes: Column
    mtimes_ns: Column
    offsets: Column
    marks: Column

    def part(self, start: int, stop: int) -> Members:
        """Return the members from `start` up to `stop`."""
        return Members(*(column[start:stop] for column in self))


class Run(NamedTuple):
    """Consecutive members below one directory.

    Attributes:
        names: paths below the directory.
        members: the members.
        links: targets of the symlinks, by item.
        sets: sets of attributes, the first of them empty and no other.
        view: the memory that contents lie in, valid only while the run is taken; None where others have looked at them.
        starts: where in it each content starts.
        sums: checksums and flags of the contents, where others have been asked for them.
    """

    names: list[str]
    members: Members
    links: dict[int, str]
    sets: Sequence[Mapping[str, bytes]]
    view: memoryview | None
    starts: Column
    sums: tuple[Column, Column] | None

    def checksums(self) -> tuple[Column, Column]:
        """Return CRC-64 and flags (`analyzer.source.checksum`) of each content, 0 and 0 for what is no file."""
        if self.sums is not None:
            return self.sums
        if self.view is None:
            raise ValueError("the contents of this run have not been looked at")
        return checksums(self.view, self.starts, self.members.sizes, self.members.kinds)


class Paths(NamedTuple):
    """The paths of consecutive members, none with a newline in it and none that cleaning would change.

    Attributes:
        text: each path with a newline before it, and one behind the last.
        starts: where in it each path starts, and where one more would.
    """

    text: bytes
    starts: Column

    @classmethod
    def of(cls, paths: Sequence[bytes], lengths: Column) -> Paths:
        """Return paths whose lengths are known."""
        starts = np.ones(len(paths) + 1, np.int64)
        np.cumsum(lengths + 1, out=starts[1:])
        starts[1:] += 1
        return cls(b"\n".join((b"", *paths, b"")), starts)

    def part(self, count: int) -> Paths:
        """Return the first `count` paths."""
        return Paths(self.text[: int(self.starts[count])], self.starts[: count + 1])

    def below(self, prefix: str, first: int, stop: int) -> list[str]:
        """Return what follows `prefix` in the paths from `first` on, before `stop` and before the first that lacks it.

        Bytes that are no UTF-8 become surrogate escapes.
        """
        raw = prefix.encode("utf-8", "surrogateescape")
        stop = bisect_left(range(stop), True, first, key=lambda item: not self.text.startswith(raw, self.starts[item]))
        if stop == first:
            return []
        lines = self.text[int(self.starts[first]) : int(self.starts[stop]) - 1]
        paths = lines.decode("utf-8", "surrogateescape").split("\n")
        # a look at a few has found where they end, unless others lie among them; between two paths with a prefix, in
        # their order, all have it
        if not (min(paths).startswith(prefix) and max(paths).startswith(prefix)):
            paths = paths[: next(at for at, path in enumerate(paths) if not path.startswith(prefix))]
        cut = len(prefix)
        return [path[cut:] for path in paths]


class Table(NamedTuple):
    """The members of one stretch of the stream; offsets are of the stream.

    Attributes:
        begins, ends: where each member and the one after it start.
        bad: the items that are not, ascending.
        paths: the path of a usual one as found, without `./` before and `/` behind.
        members: all of them.
        sets: as in `Run`.
        symlinks: the items that are symlinks, ascending.
        targets: the link name field of each of these.
        end: where the stretch ends.
        ahead: whether another process made it: the contents are not in memory.
        sums: as in `Run`.
    """

    begins: Column
    ends: Column
    bad: Column
    paths: Paths
    members: Members
    sets: Sequence[Mapping[str, bytes]]
    symlinks: Column
    targets: list[bytes]
    end: int
    ahead: bool = False
    sums: tuple[Column, Column] | None = None

    def part(self, count: int) -> Table:
        """Return the first `count` members of a table that has no checksums yet."""
        symlinks = self.symlinks[: np.searchsorted(self.symlinks, count)]
        return self._replace(
            begins=self.begins[:count],
            ends=self.ends[:count],
            bad=self.bad[: np.searchsorted(self.bad, count)],
            paths=self.paths.part(count),
            members=self.members.part(0, count),
            symlinks=symlinks,
            targets=self.targets[: len(symlinks)],
            end=int(self.ends[count - 1]),
        )


def checksums(view: memoryview, starts: Column, sizes: Column, kinds: Column) -> tuple[Column, Column]:
    """Return CRC-64 and flags of contents that lie in `view`, 0 and 0 for what is no file."""
    stops = starts + sizes
    crcs, flags = np.zeros(len(starts), np.uint64), np.where(kinds == 0, HAS_CRC, 0).astype(np.uint8)
    filled = np.flatnonzero((kinds == 0) & (sizes > 0))
    spans = zip(starts[filled].tolist(), stops[filled].tolist(), strict=True)
    crcs[filled] = np.fromiter(map(go_iso, [view[start:stop] for start, stop in spans]), np.uint64, len(filled))
    last = np.frombuffer(view, np.uint8)[stops - 1]
    for item in np.flatnonzero((kinds == 0) & (sizes > 0) & (last == 0)).tolist():
        crcs[item], flags[item] = streamed(view[starts[item] : stops[item]], iter(()), int(sizes[item]))
    return crcs, flags
