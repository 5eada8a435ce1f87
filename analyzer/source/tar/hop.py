"""Gather headers, each of whose sizes leads to the next one, and read next to nothing else of a plain file.

Further processes gather what lies ahead, where there are processors for them. Whether a member starts where they found
one is for this process to find out, by coming there; it gathers by itself wherever they have not.
"""

from __future__ import annotations

import os
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.source.forks import processors
from analyzer.source.parallel import WORTH, map_in_workers
from analyzer.source.tar.batch import Scan
from analyzer.source.tar.columns import BODILESS, CHAINED, EXTENDED, STOP, find_headers, sound
from analyzer.source.tar.contents import Contents
from analyzer.source.tar.header import BLOCK, CACHE, FieldError, parse_number
from analyzer.source.tar.header_columns import Headers, read_headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.limits import Limits

MOST = 4_096
"""Members that are gathered at once."""
STEP = 16 << 10
"""Bytes that are read at once."""
EDGE = bytes(16)
LONGEST = 64 << 10
"""Longest extended headers of a member that are gathered."""
LEADS = CHAINED.tobytes()
FIELDS = Struct("124x12s20xB").unpack_from
"""Size and type of a header."""
ROUND, LEAST_ROUND, FIRST_ROUND = 64 << 10, 64 << 20, 256 << 20
"""Members that are gathered ahead, about; bytes that are worth it, and of the first such round."""
PIECES = 2
"""Pieces of a round for each process."""
STRETCH = 1 << 20
"""Bytes searched for a header at once."""
POOR, CHAINS = 64, 16
"""Chains of fewer members that are followed in one piece: hostile input must not cost a look at each."""


class Hopper:
    """Hops from header to header of a plain file.

    Args:
        file: descriptor.
        start: where in it the tar starts.
        size: bytes of the tar.
        limits: bounds on what is read.
        contents: whether the checksums of contents are wanted.
    """

    def __init__(self, file: int, start: int, size: int, limits: Limits, *, contents: bool) -> None:
        self._file, self._start, self._size = file, start, size
        self._limits = limits
        self._contents = Contents(file, start) if contents else None
        self._steps = Steps()
        self._ahead: list[Scan] = []  # in reverse
        self._until = 0  # where the last round ended
        self._next_round = FIRST_ROUND

    def look(self, offset: int) -> Scan | None:
        """Return members from an offset on, None where none is found there."""
        self._pass(offset)
        if not self._ahead and offset >= self._until:
            self._gather_ahead(offset)
            self._pass(offset)
        if self._ahead and offset in self._ahead[-1].begins:
            return self._ahead[-1]
        return self._scan(offset, self._size)

    def _pass(self, offset: int) -> None:
        while self._ahead and self._ahead[-1].ends[-1] <= offset:
            self._ahead.pop()

    def _gather_ahead(self, offset: int) -> None:
        """Gather the next members in all processes there are."""
        size, count = min(self._next_round, self._size - offset), processors() * PIECES
        self._until = offset + size
        if size < LEAST_ROUND or count == PIECES:
            return
        step = size // count // BLOCK * BLOCK
        places = [offset + step * piece for piece in range(count)]
        pieces = list(zip(places, [*places[1:], self._until], [True, *[False] * (count - 1)], strict=True))
        for scans in map_in_workers(lambda piece: self._piece(*piece), pieces, lambda _piece: WORTH):
            self._ahead += scans
        members = sum(len(scan.begins) for scan in self._ahead)
        self._next_round = max(size * ROUND // max(members, 1), LEAST_ROUND)
        self._ahead.reverse()

    def _piece(self, start: int, until: int, at_member: bool) -> list[Scan]:
        """Return the members that start between two places, as far as they can be found from there."""
        scans: list[Scan] = []
        pos, poor = start if at_member else self._first(start, until), 0
        while pos < until and poor < CHAINS:
            scan = self._scan(pos, until)
            count = 0 if scan is None else len(scan.begins)
            poor += count < POOR
            if scan is None:
                pos = self._first(pos + BLOCK, until)
                continue
            scans.append(scan)
            pos = int(scan.ends[-1])
            if count < MOST:
                pos = self._first(pos, until)
        return scans

    def _first(self, pos: int, until: int) -> int:
        """Return the place of the first header between two places that states its checksum, the second for none."""
        while pos < until:
            data = np.frombuffer(self._pread(min(STRETCH, until - pos), pos), np.uint8)
            data = data[: len(data) // BLOCK * BLOCK]
            if not len(data):
                break
            rows = find_headers(data.reshape(-1, BLOCK))
            good = np.flatnonzero(sound(data, rows * BLOCK))
            if len(good):
                return pos + int(rows[good[0]]) * BLOCK
            pos += len(data)
        return until

    def _scan(self, offset: int, until: int) -> Scan | None:
        """Return up to `MOST` members from an offset on that start before a place, None for none."""
        nothing = Piece(b"", offset, -1)
        scan = scan_of(gather(nothing, self._pread, self._steps, offset, until, self._size), self._limits)
        if scan is None or self._contents is None:
            return scan
        return scan._replace(sums=self._contents.sums(scan))

    def _pread(self, count: int, offset: int) -> bytes:
        try:
            return os.pread(self._file, count, self._start + offset)
        except OSError:  # the reader meets the same, and records it
            return b""


class Piece(NamedTuple):
    """A piece of a tar in memory: the memory, where in the tar it starts, and where in it the last block starts."""

    memory: bytes | bytearray
    base: int
    last: int


class HeaderSpans(NamedTuple):
    """What lies before the contents of consecutive members.

    Attributes:
        spans: the headers of each.
        begins: where each starts.
        more: of each member with more than one extended header, the others: its item, and place among its headers.
        after: where the last one ends.
    """

    spans: list[bytes | bytearray]
    begins: list[int]
    more: list[tuple[int, int]]
    after: int


def gather(
    at_hand: Piece, pread: Callable[[int, int], bytes], steps: Steps, pos: int, until: int, size: int
) -> HeaderSpans:
    """Return the headers of members that start between two places and end within the tar, up to `MOST`.

    Args:
        at_hand: what is in memory.
        pread: gives up to so many bytes from a place on that is not, none where there is no more to be had.
        steps: sizes seen so far.
        pos: where the first member starts.
        until: the place before which they start.
        size: where the tar, or what is to be had of it, ends.
    """
    leads, fields = LEADS, FIELDS
    found = HeaderSpans([], [], [], pos)
    spans, begins, more, _ = found
    piece, base, last = at_hand
    try:
        while len(spans) < MOST and pos < until:
            begin = at = pos - base
            if at > last:
                piece, base, begin, at = pread(STEP, pos), pos, 0, 0
                last = len(piece) - BLOCK
                if last < 0:
                    break
            field, kind = fields(piece, at)
            lead = leads[kind]
            while lead == EXTENDED:
                if at > begin:
                    more.append((len(spans), at - begin))
                at += steps[field]
                if at > last:
                    if at - begin > LONGEST:
                        return found._replace(after=pos)
                    piece, base, at, begin = pread(STEP + at - begin, pos), pos, at - begin, 0
                    last = len(piece) - BLOCK
                    if at > last:
                        return found._replace(after=pos)
                field, kind = fields(piece, at)
                lead = leads[kind]
            if lead == STOP:
                break
            after = base + at + (BLOCK if lead == BODILESS else steps[field])
            if after > size or not (piece[at] or kind):
                break
            spans.append(piece[begin : at + BLOCK])
            begins.append(pos)
            pos = after
    except FieldError:  # the size of this member is no number
        pass
    return found._replace(after=pos)


def scan_of(found: HeaderSpans, limits: Limits, *, in_window: bool = False) -> Scan | None:
    """Return what gathered headers say, None where there are none."""
    spans, begins, more, after = found
    if not spans:
        return None
    lengths = np.fromiter(map(len, spans), np.int64, len(spans))
    memory = b"".join((EDGE, *spans, EDGE))
    ends = np.cumsum(lengths) + len(EDGE)
    member = np.flatnonzero(lengths > BLOCK)
    extended = (ends - lengths)[member]
    more = [place for place in more if place[0] < len(spans)]
    if more:
        others = np.array(more, np.int64)
        member = np.concatenate((member, others[:, 0]))
        extended = np.concatenate((extended, (ends - lengths)[others[:, 0]] + others[:, 1]))
        order = np.argsort(extended)
        extended, member = extended[order], member[order]
    members = read_headers(Headers(memory, np.frombuffer(memory, np.uint8), ends - BLOCK, extended, member), limits)
    starts = np.array(begins, np.int64)
    return Scan.of(starts, np.append(starts[1:], after), members, starts + lengths, in_window=in_window)


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
