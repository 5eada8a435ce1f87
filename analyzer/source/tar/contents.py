"""Checksums of the contents of many members of a plain file, read by their offsets."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from analyzer.source.checksum import CUT, streamed
from analyzer.source.tar.batch import sums_of
from analyzer.source.tar.header_columns import FILE_ITEM

if TYPE_CHECKING:
    from analyzer.source.tar.batch import Scan
    from analyzer.source.tar.columns import Column

PIECE = 1 << 20
"""Bytes that are read at once: they stay in the processor's cache."""


class Contents:
    """Reads contents.

    Args:
        file: descriptor.
        start: where in it the tar starts.
    """

    def __init__(self, file: int, start: int) -> None:
        self._file, self._start = file, start
        self._view = memoryview(bytearray(PIECE))

    def sums(self, scan: Scan) -> tuple[Column, Column]:
        """Return CRC-64 and flags of each content, as of `MemberBatch.checksums`; of members not read, nothing."""
        members = scan.members
        crcs, flags = np.zeros(len(scan.begins), np.uint64), np.zeros(len(scan.begins), np.uint8)
        items = np.flatnonzero(members.good & (members.kinds == FILE_ITEM))
        begins, sizes = scan.offsets[items], members.sizes[items]
        starts, stops = begins.tolist(), (begins + sizes).tolist()
        first = 0
        while first < len(items):
            stop = bisect_right(stops, starts[first] + PIECE, first)
            if stop == first:
                size = stops[first] - starts[first]
                chunks = self._chunks(starts[first], size)
                crcs[items[first]], flags[items[first]] = streamed(chunks, size)
                first += 1
                continue
            span, base = items[first:stop], starts[first]
            read = self._read(base, stops[stop - 1] - base)
            contents = [
                self._view[at - base : end - base]
                for at, end in zip(starts[first:stop], stops[first:stop], strict=True)
            ]
            crcs[span], flags[span] = sums_of(contents, np.ones(len(span), np.bool_))
            flags[span[begins[first:stop] + sizes[first:stop] > base + read]] = CUT
            first = stop
        return crcs, flags

    def _chunks(self, offset: int, size: int) -> Iterator[memoryview]:
        while size > 0 and (read := self._read(offset, min(size, PIECE))):
            yield self._view[:read]
            offset, size = offset + read, size - read

    def _read(self, offset: int, size: int) -> int:
        """Fill the view with up to `size` bytes from an offset on; return how many there are, fewer where they end."""
        read = 0
        try:
            while read < size and (got := os.preadv(self._file, [self._view[read:size]], self._start + offset + read)):
                read += got
        except OSError:  # the contents are cut for whoever asks
            pass
        return read
