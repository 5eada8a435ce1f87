"""Many consecutive members in columns (numpy)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from msgspec import Struct

from analyzer.source.checksum import HAS_CRC, go_iso, last_used, zeros
from analyzer.source.member import BATCH_KINDS, FILE
from analyzer.source.tar.header_columns import OWN_GROUP, OWN_TIME, OWN_USER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.source.stream.window import Window
    from analyzer.source.tar.columns import Column
    from analyzer.source.tar.header_columns import Members
    from analyzer.source.tar.paths import Paths
    from analyzer.source.tar.pax import Extras

Fact = TypeVar("Fact")

FILE_ITEM = BATCH_KINDS.index(FILE)


class MemberBatch(Struct, frozen=True):
    """Consecutive members; item i of each column is one member, as in `Member`.

    Attributes:
        paths: their paths.
        kinds: codes, index into `BATCH_KINDS`.
        modes, uids, gids, sizes, mtimes_ns, offsets: as in `Member` (`offsets` is `data_offset`).
        marks: which of `sets` is the member's.
        sets: sets of attributes, the first of them empty and no other.
        links: targets of symlinks and hard links, by item.
        devices: (major, minor) of device nodes, by item.
        memory: where contents lie, valid only while the batch is taken; None where they were passed over.
        starts: where in it each content starts.
        sums: checksums and flags of the contents, where they have been made.
    """

    paths: Paths
    kinds: Column
    modes: Column
    uids: Column
    gids: Column
    sizes: Column
    mtimes_ns: Column
    offsets: Column
    marks: Column
    sets: Sequence[Mapping[str, bytes]]
    links: Mapping[int, str]
    devices: Mapping[int, tuple[int, int]]
    memory: memoryview | None
    starts: Column
    sums: tuple[Column, Column] | None

    def __len__(self) -> int:
        return len(self.kinds)

    def checksums(self, count: int) -> tuple[Column, Column]:
        """Return CRC-64 and flags (`analyzer.source.checksum`) of the first contents, 0 and 0 for what is no file.

        Raises:
            ValueError: the contents were passed over.
        """
        if self.sums is not None:
            return self.sums[0][:count], self.sums[1][:count]
        view, starts, sizes = self.memory, self.starts[:count], self.sizes[:count]
        if view is None:
            raise ValueError("the contents of this batch were passed over")
        spans = list(zip(starts.tolist(), (starts + sizes).tolist(), strict=True))
        return sums_of([view[start:stop] for start, stop in spans], self.kinds[:count] == FILE_ITEM)


def sums_of(contents: list[memoryview], files: Column) -> tuple[Column, Column]:
    """Return CRC-64 and flags of contents, 0 and 0 for those that are of no file and have nothing in them."""
    crcs = np.fromiter(map(go_iso, contents), np.uint64, len(contents))
    flags = np.where(files, HAS_CRC, 0).astype(np.uint8)
    for item, content in enumerate(contents):
        if content and not content[-1]:
            flags[item] |= zeros(last_used(content), len(content))
    return crcs, flags


class Scan(NamedTuple):
    """The members of one stretch of the stream; offsets are of the stream.

    Attributes:
        begins, ends: where each member and the one after it start.
        bad: the items that were not read, ascending, and one behind all.
        members: what was read.
        offsets: where each content starts.
        in_window: whether the contents lie in the window.
        sums: as in `MemberBatch`.
    """

    begins: Column
    ends: Column
    bad: Column
    members: Members
    offsets: Column
    in_window: bool
    sums: tuple[Column, Column] | None = None

    def batch(self, start: int, stop: int, window: Window, inherited: Extras) -> MemberBatch:
        """Return the members from `start` up to `stop`; of those in a window, nothing may have been passed over.

        Args:
            start: the first.
            stop: the one behind the last.
            window: the stream.
            inherited: time and owners of the members that do not state their own.
        """
        span, members = slice(start, stop), self.members
        offsets, stated = self.offsets[span], members.stated[span]
        return MemberBatch(
            members.paths.part(start, stop),
            members.kinds[span],
            members.modes[span],
            _with(members.uids[span], stated & OWN_USER, inherited.uid),
            _with(members.gids[span], stated & OWN_GROUP, inherited.gid),
            members.sizes[span],
            _with(members.mtimes_ns[span], stated & OWN_TIME, inherited.mtime_ns),
            offsets,
            members.marks[span],
            members.sets,
            _part(members.links, start, stop),
            _part(members.devices, start, stop),
            window.view if self.in_window else None,
            offsets - window.base,
            None if self.sums is None else (self.sums[0][span], self.sums[1][span]),
        )

    @classmethod
    def of(cls, begins: Column, ends: Column, members: Members, offsets: Column, *, in_window: bool) -> Scan:
        """Return a stretch of members that were read."""
        return cls(begins, ends, np.append(np.flatnonzero(~members.good), len(begins)), members, offsets, in_window)

    @property
    def good(self) -> int:
        """Return how many members were read."""
        return len(self.begins) - len(self.bad) + 1


def _with(column: Column, own: Column, inherited: int | None) -> Column:
    """Return a column with one value for all who have none of their own."""
    return column if inherited is None else np.where(own, column, np.array(inherited, column.dtype))


def _part(facts: Mapping[int, Fact], start: int, stop: int) -> dict[int, Fact]:
    """Return facts by item that some consecutive items have, by item among these."""
    return {item - start: fact for item, fact in facts.items() if start <= item < stop}
