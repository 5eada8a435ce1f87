"""Read all of a plain file, window by window, for the headers and the contents of its members."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from analyzer.source.checksum import HAS_CRC, go_iso, last_used, streamed, zeros
from analyzer.source.tar.chain import chain_of
from analyzer.source.tar.header import BLOCK

if TYPE_CHECKING:
    from analyzer.source.tar.chain import Chain
    from analyzer.source.tar.columns import Column

WINDOW = 4 << 20
"""Bytes that are read at once: they stay in the processor's cache."""
LONGEST = 64 << 10
"""Bytes of headers of a member that starts before a place which are read behind it."""

NO_SUMS = np.zeros(0, np.uint64), np.zeros(0, np.uint8)


class Windows:
    """Reads members.

    Args:
        file: descriptor, where in it the tar starts, and how long it is.
        contents: whether the checksums of contents are wanted.
    """

    def __init__(self, file: tuple[int, int, int], *, contents: bool) -> None:
        self._file, self._start, self._size = file
        self._contents = contents
        self._view = memoryview(bytearray(WINDOW))
        self._data = np.frombuffer(self._view, np.uint8)

    def read(self, offset: int, until: int, room: Column) -> tuple[Chain, tuple[Column, Column]] | None:
        """Read members whose headers lie in one window, which end within the tar; None where there are none.

        Args:
            offset: where the first one starts.
            until: the place before which they start.
            room: rows of a block, for all of their headers; where these are too many, nothing is read.

        Returns:
            The members, from the offset on; and CRC-64 and flags of each content, as of `MemberBatch.checksums`,
            where they are wanted.
        """
        count = self._fill(min(WINDOW, until - offset + LONGEST), offset)
        data = self._data[:count]
        found = chain_of(data, until - offset, self._size - offset)
        if found is None:
            return None
        lengths = found.headers
        total = int(lengths.sum())
        if total > len(room):
            return None
        blocks = np.repeat(found.begins - np.cumsum(lengths) + lengths, lengths) + np.arange(total)
        self._data.reshape(-1, BLOCK).take(blocks, axis=0, out=room[:total], mode="clip")
        return found, self._sums(found, offset, count) if self._contents else NO_SUMS

    def _sums(self, found: Chain, offset: int, count: int) -> tuple[Column, Column]:
        """Return CRC-64 and flags of the contents; that of the last goes on behind the window."""
        view, sizes = self._view, found.sizes
        crcs, flags = np.zeros(len(sizes), np.uint64), found.files * np.uint8(HAS_CRC)
        starts = (found.own + 1) * BLOCK
        stops = starts + sizes
        inside = np.flatnonzero(found.files & (stops <= count))
        spans = zip(starts[inside].tolist(), stops[inside].tolist(), strict=True)
        crcs[inside] = np.fromiter(map(go_iso, [view[start:stop] for start, stop in spans]), np.uint64, len(inside))
        for item in inside[(self._data[stops[inside] - 1] == 0) & (sizes[inside] > 0)].tolist():
            flags[item] |= zeros(last_used(view[int(starts[item]) : int(stops[item])]), int(sizes[item]))
        if found.files[-1] and stops[-1] > count:
            size, start = int(sizes[-1]), int(starts[-1])
            here = view[start:count]
            rest = self._rest(offset + count, size - len(here))
            crcs[-1], flags[-1] = streamed(itertools.chain((here,) if here else (), rest), size)
        return crcs, flags

    def _rest(self, offset: int, size: int) -> Iterator[memoryview]:
        while size > 0 and (read := self._fill(min(size, WINDOW), offset)):
            yield self._view[:read]
            offset, size = offset + read, size - read

    def _fill(self, size: int, offset: int) -> int:
        """Fill the view with up to `size` bytes from an offset on; return how many there are, fewer where they end."""
        try:
            return os.preadv(self._file, [self._view[:size]], self._start + offset)
        except OSError:  # the reader meets the same, and records it
            return 0
