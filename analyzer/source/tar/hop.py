"""Gather the headers of a plain file, each of whose sizes leads to the next one.

Where contents are wanted, or small, the file is read window by window (`windows`), else next to nothing but headers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from mmap import mmap
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.limits import Limits
from analyzer.source.tar.batch import Scan
from analyzer.source.tar.columns import BODILESS, CHAINED, EXTENDED, STOP, find_headers, sound
from analyzer.source.tar.header import BLOCK, CACHE, FieldError, parse_number
from analyzer.source.tar.header_columns import Headers, read_headers
from analyzer.source.tar.windows import LONGEST, WINDOW, Windows

if TYPE_CHECKING:
    from analyzer.source.tar.columns import Column

    Read = Callable[[int, int, int], int]

MOST = 4_096
"""Members that are gathered at once."""
STEP = 8 << 10
"""Bytes that are read at once: most of more would be content, and copying it takes longer than asking again."""
ROOM = 16 << 20
"""Bytes for headers that are looked at together, and for what lies between them."""
NEAR = 12 << 10
"""Bytes from one member to the next, on average, up to which it is quicker to read all of them."""
LEADS = CHAINED.tobytes()
FIELDS = Struct("124x12s20xB").unpack_from
"""Size and type of a header."""
STRETCH = 256 << 10
"""Bytes searched for a header at once."""
SPAN = Struct("=qq")
"""Where a large member starts and ends."""
POOR, CHAINS = 64, 16
"""Chains of fewer members that are followed in one piece: hostile input must not cost a look at each."""


class Hopper:
    """Hops from header to header of a plain file.

    Args:
        file: descriptor, where in it the tar starts, and how long it is.
        limits: bounds on what is read.
        contents: whether the checksums of contents are wanted.
        span: memory that all processes have, for the last large member that one of them came upon: whoever searches
            inside it for a header goes on behind it.
    """

    def __init__(
        self, file: tuple[int, int, int], limits: Limits, *, contents: bool, span: bytearray | mmap | None = None
    ) -> None:
        self._file, self._start, self._size = file
        self._limits = limits
        self._span = bytearray(SPAN.size) if span is None else span
        self._windows = Windows(file, contents=contents)
        self._contents = self._near = contents
        self._steps = Steps()
        self._memory = bytearray(ROOM)
        self._read = _reader(self._file, self._start, memoryview(self._memory))

    def members(self, start: int, until: int) -> Iterator[Scan]:
        """Yield the members that start between two places, as far as they can be found from there."""
        pos, poor = self._header(start, until), 0
        while pos < until and poor < CHAINS:
            scan = self.scan(pos, until)
            count = 0 if scan is None else len(scan.begins)
            poor += count < POOR
            if scan is None:
                pos = self._header(pos + BLOCK, until)
                continue
            yield scan
            pos = int(scan.ends[-1])
            if pos > until + STRETCH:
                SPAN.pack_into(self._span, 0, int(scan.begins[-1]), pos)
            if count < MOST:
                pos = self._header(pos, until)

    def _header(self, pos: int, until: int) -> int:
        """Return the place of the first header between two places that states its checksum, the second for none."""
        while pos < until:
            begin: int
            end: int
            begin, end = SPAN.unpack_from(self._span)
            if begin < pos < end:
                return min(end, until)
            count = self._read(0, min(STRETCH, until - pos), pos) // BLOCK * BLOCK
            if not count:
                break
            data = np.frombuffer(self._memory, np.uint8, count)
            rows = find_headers(data.reshape(-1, BLOCK))
            good = np.flatnonzero(sound(data, rows * BLOCK))
            if len(good):
                return pos + int(rows[good[0]]) * BLOCK
            pos += count
        return until

    def scan(self, offset: int, until: int) -> Scan | None:
        """Return up to `MOST` members, or a window more, from an offset on that start before a place, None for none."""
        scan = self._whole(offset, until) if self._near else self._hop(offset, until)
        if scan is not None and not self._contents:
            self._near = bool(np.minimum(scan.ends - scan.begins, WINDOW).mean() < NEAR)
        return scan

    def _hop(self, offset: int, until: int) -> Scan | None:
        places = gather(self._memory, self._read, self._steps, offset, until, self._size)
        return scan_of(self._memory, places, self._limits)

    def _whole(self, offset: int, until: int) -> Scan | None:
        """Gather from windows."""
        rows = np.frombuffer(self._memory, np.uint8).reshape(-1, BLOCK)
        found: list[tuple[Column, ...]] = []
        count, used, pos = 0, 0, offset
        while count < MOST and pos < until and (read := self._windows.read(pos, until, rows[used:])) is not None:
            chain, sums = read
            ends = np.cumsum(chain.headers) + used
            extended = chain.extended + (ends - chain.own - 1)[chain.member]
            found.append(((ends - 1) * BLOCK, extended * BLOCK, chain.begins * BLOCK + pos, *sums))
            count, used, pos = count + len(ends), int(ends[-1]), pos + int(chain.ends[-1]) * BLOCK
        if not found:
            return None
        own, extended, begins, crcs, flags = map(np.concatenate, zip(*found, strict=True))
        scan = scan_of(self._memory, Places(own, extended, begins, pos), self._limits)
        return scan._replace(sums=(crcs, flags)) if scan is not None and self._contents else scan


def _reader(file: int, start: int, view: memoryview) -> Read:
    """Return what reads to a place in memory and tells how many bytes were read, none where no room is left."""
    preadv = os.preadv

    def read(at: int, count: int, offset: int) -> int:
        try:
            return preadv(file, [view[at : at + count]], start + offset)
        except OSError:  # the reader meets the same, and records it
            return 0

    return read


class Places(NamedTuple):
    """Where the headers of consecutive members are.

    Attributes:
        own: where in memory each member's own header starts.
        extended: where in memory the extended headers before any of them start.
        begins: where in the tar each member starts.
        after: where in the tar the last one ends.
    """

    own: Column | list[int]
    extended: Column | list[int]
    begins: Column | list[int]
    after: int


def gather(memory: bytearray, read: Read, steps: Steps, pos: int, until: int, size: int) -> Places:
    """Return the headers of members that start between two places and end within the tar, up to `MOST`.

    Args:
        memory: room for the headers.
        read: puts bytes of the tar behind those that are needed: (where in memory, how many, where in the tar) to how
            many there are, none where there is no more to be had, or no room.
        steps: sizes seen so far.
        pos: where the first member starts.
        until: the place before which they start.
        size: where the tar ends.
    """
    leads, fields = LEADS, FIELDS
    own: list[int] = []
    extended: list[int] = []
    begins: list[int] = []
    base, last = pos, -1  # where in the tar the memory starts, and where in that the last block does
    used = whole = 0  # memory up to the last header; extended headers of members that are wholly there
    try:
        while len(own) < MOST and pos < until:
            whole = len(extended)
            begin = at = pos - base
            if at > last:
                base, begin, at = pos - used, used, used
                last = used + read(used, STEP, pos) - BLOCK
                if at > last:
                    break
            field, kind = fields(memory, at)
            lead = leads[kind]
            while lead == EXTENDED:
                extended.append(at)
                at += steps[field]
                if at > last:
                    end = last + BLOCK
                    last += read(end, at + STEP - end, base + end) if at - begin <= LONGEST else 0
                    if at > last:
                        lead = STOP
                        break
                field, kind = fields(memory, at)
                lead = leads[kind]
            if lead == STOP:
                break
            after = base + at + (BLOCK if lead == BODILESS else steps[field])
            if after > size or not (memory[at] or kind):
                break
            own.append(at)
            begins.append(pos)
            pos, used = after, at + BLOCK
            whole = len(extended)
    except FieldError:  # the size of this member is no number
        pass
    return Places(own, extended[:whole], begins, pos)


def scan_of(memory: bytearray | mmap, found: Places, limits: Limits, *, in_window: bool = False) -> Scan | None:
    """Return what the headers at some places say, None where there are none."""
    own, extended, begins = (np.asarray(places, np.int64) for places in found[:3])
    if not len(own):
        return None
    member = np.searchsorted(own, extended)
    members = read_headers(Headers(memory, own, extended, member), limits)
    first = own.copy()
    first[member[::-1]] = extended[::-1]
    ends = np.append(begins[1:], found.after)
    return Scan.of(begins, ends, members, begins + own - first + BLOCK, in_window=in_window)


class Steps(dict[bytes, int]):
    """How far the next header is from one of a size, by the field of the size."""

    def __missing__(self, field: bytes) -> int:
        """Parse and keep one.

        Raises:
            FieldError: no number, or none of a size.
        """
        if len(self) >= CACHE:
            self.clear()
        size = parse_number(field)
        if size < 0:
            raise FieldError(f"negative size {size}")
        step = self[field] = BLOCK + size + -size % BLOCK
        return step
