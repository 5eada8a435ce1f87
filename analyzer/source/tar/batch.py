"""Many consecutive members in columns (numpy)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.source.checksum import HAS_CRC, go_iso, streamed
from analyzer.source.member import BATCH_KINDS, FILE
from analyzer.source.tar.columns import rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.source.tar.columns import Column

FILE_ITEM = BATCH_KINDS.index(FILE)


class Paths(NamedTuple):
    """The paths of consecutive members, none with a newline in it and none that cleaning would change.

    Attributes:
        text: each path with a newline before it, and one behind the last.
        starts: where in it each path starts, and where one more would.
    """

    text: bytes
    starts: Column

    @classmethod
    def of(cls, paths: Sequence[bytes | memoryview], lengths: Column) -> Paths:
        """Return paths whose lengths are known."""
        starts = np.ones(len(paths) + 1, np.int64)
        np.cumsum(lengths + 1, out=starts[1:])
        starts[1:] += 1
        return cls(b"\n".join((b"", *paths, b"")), starts)

    def part(self, start: int, stop: int) -> Paths:
        """Return the paths from `start` up to `stop`."""
        first = int(self.starts[start]) - 1
        return Paths(self.text[first : int(self.starts[stop])], self.starts[start : stop + 1] - first)

    def below(self, prefix: bytes) -> int:
        """Return how many paths there are before the first that does not begin with `prefix`."""
        data, count = np.frombuffer(self.text, np.uint8), len(self.starts) - 1
        enough = np.diff(self.starts) > len(prefix)
        starts = self.starts[:count][: count if enough.all() else int(enough.argmin())]
        starts = starts[: np.searchsorted(starts, len(data) - len(prefix), "right")]
        same = (rows_of(data, starts, len(prefix)) == np.frombuffer(prefix, np.uint8)).all(axis=1)
        return len(same) if same.all() else int(same.argmin())

    def behind(self, prefix: bytes) -> list[str]:
        """Return what follows `prefix`, which all paths have; bytes that are no UTF-8 become surrogate escapes."""
        text = self.text.replace(b"\n" + prefix, b"\n")
        return text[1:-1].decode("utf-8", "surrogateescape").split("\n") if len(self.starts) > 1 else []


@dataclass(frozen=True, slots=True)
class MemberBatch:
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

    def __len__(self) -> int:
        return len(self.kinds)

    def checksums(self, count: int) -> tuple[Column, Column]:
        """Return CRC-64 and flags (`analyzer.source.checksum`) of the first contents, 0 and 0 for what is no file.

        Raises:
            ValueError: the contents were passed over.
        """
        view, starts, sizes = self.memory, self.starts[:count], self.sizes[:count]
        if view is None:
            raise ValueError("the contents of this batch were passed over")
        files = self.kinds[:count] == FILE_ITEM
        crcs, flags = np.zeros(count, np.uint64), np.where(files, HAS_CRC, 0).astype(np.uint8)
        filled = np.flatnonzero(sizes)
        stops = starts + sizes
        spans = zip(starts[filled].tolist(), stops[filled].tolist(), strict=True)
        crcs[filled] = np.fromiter(map(go_iso, [view[start:stop] for start, stop in spans]), np.uint64, len(filled))
        last = np.frombuffer(view, np.uint8)[stops[filled] - 1]
        for item in filled[last == 0].tolist():
            crcs[item], flags[item] = streamed(view[starts[item] : stops[item]], iter(()), int(sizes[item]))
        return crcs, flags
