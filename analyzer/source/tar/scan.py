"""Find the headers of many members at once and offer what they say as batches (`header_columns`).

Each header's size leads to the next one. Where contents are wanted, or the stream cannot be moved in, the headers are
looked for in the window; in a plain file whose contents are not wanted, they are gathered from their places, and what
lies between is never read.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.source.tar.batch import MemberBatch
from analyzer.source.tar.columns import BODILESS, CHAINED, EXTENDED, STOP, chain, find_headers
from analyzer.source.tar.header import BLOCK, CACHE, FieldError, clean_path, parse_number
from analyzer.source.tar.header_columns import HARDLINK_ITEM, SYMLINK_ITEM, Headers, Members, read_headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.limits import Limits
    from analyzer.source.stream.window import Window
    from analyzer.source.tar.columns import Column

    Take = Callable[[MemberBatch], int]

FIRST = 512
"""Members that are read one by one before any are looked for: numpy takes longer to start than a short archive."""
POOR, PAUSE = 64, 128
"""Members below which a scan did not pay, and how many are then read one by one: hostile input must not cost more."""
FEWEST = 8
"""Members that are worth a batch."""
LEAST = 64 << 10
"""Unread bytes of a window that are worth a scan."""
MOST = 4_096
"""Members that are gathered from a file at once."""
STEP = 16 << 10
"""Bytes of a file read at once."""
EDGE = bytes(16)
LONGEST = 64 << 10
"""Longest extended headers of a member that are gathered."""
CHAINED_BY_TYPE = CHAINED.tobytes()


class Scan(NamedTuple):
    """The members of one stretch of the stream; offsets are of the stream.

    Attributes:
        begins, ends: where each member and the one after it start.
        bad: the items that were not read, ascending, and one behind all.
        members: what was read.
        offsets: where each content starts.
        base: where the memory starts that headers and contents lie in.
        headers: memory that holds headers alone, None where they lie in the window.
    """

    begins: Column
    ends: Column
    bad: Column
    members: Members
    offsets: Column
    base: int
    headers: memoryview | None

    def batch(self, start: int, stop: int, window: Window, limits: Limits) -> MemberBatch:
        """Return the members from `start` up to `stop`; of those in a window, nothing may have been passed over."""
        span, members = slice(start, stop), self.members
        kinds, offsets = members.kinds[span], self.offsets[span]
        memory, moved = (window.view, self.base - window.base) if self.headers is None else (self.headers, 0)
        links = {}
        for item in np.flatnonzero((kinds == SYMLINK_ITEM) | (kinds == HARDLINK_ITEM)).tolist():
            begin, end = (int(place[start + item]) + moved for place in members.links)
            text = bytes(memory[begin:end]).partition(b"\0")[0].decode("utf-8", "surrogateescape")
            links[item] = clean_path(text, limits.path)[0] if kinds[item] == HARDLINK_ITEM else text
        return MemberBatch(
            members.paths.part(start, stop),
            kinds,
            members.modes[span],
            members.uids[span],
            members.gids[span],
            members.sizes[span],
            members.mtimes_ns[span],
            offsets,
            members.marks[span],
            members.sets,
            links,
            {item - start: pair for item, pair in members.devices.items() if start <= item < stop},
            memory if self.headers is None else None,
            offsets - window.base,
        )


class Scanner:
    """Offers members many at a time, where they can be read so.

    Args:
        window: the stream.
        limits: bounds on what is read.
        take: takes members from the first of a batch on, and says how many.
        file: descriptor, first byte and length of a plain file whose contents are not wanted; None for any other.
    """

    def __init__(self, window: Window, limits: Limits, take: Take, file: tuple[int, int, int] | None) -> None:
        self._window, self._limits, self._take = window, limits, take
        self._hopper = None if file is None else Hopper(*file)
        self._scan: Scan | None = None
        self._pause = FIRST

    def read(self, most: int) -> int:
        """Offer up to `most` members from the window's position on; return how many were taken.

        The window is moved behind them; where there are none it stays as it is.
        """
        if self._pause:
            self._pause -= 1
            return 0
        window = self._window
        offset = window.offset
        scan = self._scan
        if scan is None or offset >= scan.ends[-1]:
            scan = self._scan = self._look() if self._hopper is None else self._hopper.look(offset, self._limits)
            if scan is None or len(scan.begins) - len(scan.bad) < POOR:
                self._pause = PAUSE
            if scan is None:
                return 0
        first = int(np.searchsorted(scan.begins, offset))
        if first == len(scan.begins) or scan.begins[first] != offset:
            return 0
        stop = min(int(scan.bad[np.searchsorted(scan.bad, first)]), first + most)
        if stop - first < FEWEST:
            return 0
        taken = self._take(scan.batch(first, stop, window, self._limits))
        if taken:
            window.skip(int(scan.ends[first + taken - 1]) - offset)
        else:
            self._pause = FEWEST
        return taken

    def _look(self) -> Scan | None:
        """Return the members that start in the window at its position and lie wholly in it, None for none."""
        window = self._window
        count = window.fill(LEAST) // BLOCK
        pos = window.pos
        if count * BLOCK < LEAST:
            return None
        blocks = np.frombuffer(window.buffer, np.uint8, count * BLOCK, pos).reshape(count, BLOCK)
        rows, after = find_headers(blocks)
        linked = chain(rows, after, count)
        extended = CHAINED[blocks[rows[linked], 156]] == EXTENDED
        own = np.flatnonzero(~extended)
        own = own[after[linked[own]] <= count]
        if not len(own):
            return None
        linked, extended = linked[: own[-1] + 1], np.flatnonzero(extended[: own[-1] + 1])
        places = rows[linked] * BLOCK + pos
        first = np.concatenate(([0], own[:-1] + 1))
        headers = Headers(
            np.frombuffer(window.buffer, np.uint8), places[own], places[extended], np.searchsorted(own, extended)
        )
        members = read_headers(headers, self._limits)
        base = window.base
        ends = after[linked[own]] * BLOCK + pos + base
        return Scan(places[first] + base, ends, _bad(members.good), members, headers.own + BLOCK + base, base, None)


class Hopper:
    """Gathers headers of a plain file, and reads next to nothing else of it.

    Args:
        file: descriptor.
        start: where in it the tar starts.
        size: bytes of the tar.
    """

    def __init__(self, file: int, start: int, size: int) -> None:
        self._file, self._start, self._size = file, start, size
        self._steps = Steps()

    def look(self, offset: int, limits: Limits) -> Scan | None:
        """Return up to `MOST` members from an offset on, None for none."""
        spans, begins, more, after = self._gather(offset)
        if not spans:
            return None
        lengths = np.fromiter(map(len, spans), np.int64, len(spans))
        data = b"".join((EDGE, *spans, EDGE))
        ends = np.cumsum(lengths) + len(EDGE)
        first = np.flatnonzero(lengths > BLOCK)
        extended, member = (ends - lengths)[first], first
        if more:
            others = np.array(more, np.int64)
            member = np.concatenate((first, others[:, 0]))
            extended = np.concatenate((extended, (ends - lengths)[others[:, 0]] + others[:, 1]))
            order = np.argsort(extended)
            extended, member = extended[order], member[order]
        members = read_headers(Headers(np.frombuffer(data, np.uint8), ends - BLOCK, extended, member), limits)
        starts = np.array(begins, np.int64)
        return Scan(
            starts, np.append(starts[1:], after), _bad(members.good), members, starts + lengths, 0, memoryview(data)
        )

    def _gather(self, pos: int) -> tuple[list[bytes], list[int], list[tuple[int, int]], int]:
        """Return what lies before each content, where, and where the last member ends.

        Of each member with more than one extended header, the others are given too: its item, and where they are in
        what lies before its content.
        """
        leads, steps, size, pread = CHAINED_BY_TYPE, self._steps, self._size, self._pread
        spans: list[bytes] = []
        begins: list[int] = []
        more: list[tuple[int, int]] = []
        piece, base, last = b"", pos, -1
        try:
            while len(spans) < MOST:
                begin = at = pos - base
                if at > last:
                    piece, base, begin, at = pread(STEP, pos), pos, 0, 0
                    last = len(piece) - BLOCK
                    if last < 0:
                        break
                lead = leads[piece[at + 156]]
                while lead == EXTENDED:
                    if at > begin:
                        more.append((len(spans), at - begin))
                    at += steps[piece[at + 124 : at + 136]]
                    if at > last:
                        if at - begin > LONGEST:
                            return spans, begins, more, pos
                        piece, base, at, begin = pread(STEP + at - begin, pos), pos, at - begin, 0
                        last = len(piece) - BLOCK
                        if at > last:
                            return spans, begins, more, pos
                    lead = leads[piece[at + 156]]
                if lead == STOP:
                    break
                step = BLOCK if lead == BODILESS else steps[piece[at + 124 : at + 136]]
                after = base + at + step
                if after > size or not (piece[at] or piece[at + 156]):
                    break
                spans.append(piece[begin : at + BLOCK])
                begins.append(pos)
                pos = after
        except FieldError:  # the size of this member is no number
            pass
        return spans, begins, more, pos

    def _pread(self, count: int, offset: int) -> bytes:
        try:
            return os.pread(self._file, count, self._start + offset)
        except OSError:  # the reader meets the same, and records it
            return b""


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


def _bad(good: Column) -> Column:
    return np.append(np.flatnonzero(~good), len(good))
