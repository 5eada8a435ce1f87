"""Find the headers of many members at once and offer what they say as batches (`header_columns`).

Each header's size leads to the next one. Where contents are wanted, or the stream cannot be moved in, the headers are
looked for in the window; in a plain file whose contents are not wanted, they are gathered from their places, and what
lies between is never read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.source.tar.batch import MemberBatch, Scan
from analyzer.source.tar.columns import CHAINED, EXTENDED, chain, find_headers
from analyzer.source.tar.header import BLOCK
from analyzer.source.tar.header_columns import Headers, read_headers
from analyzer.source.tar.hop import Hopper

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.limits import Limits
    from analyzer.source.stream.window import Window

    Take = Callable[[MemberBatch], int]

POOR, PAUSE = 64, 128
"""Members below which a scan did not pay, and how many are then read one by one: hostile input must not cost more."""
FEWEST = 8
"""Members that are worth a batch."""
LEAST = 64 << 10
"""Unread bytes of a window that are worth a scan."""


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
        self._hopper = None if file is None else Hopper(*file, limits)
        self._scan: Scan | None = None
        self._pause = 0

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
            scan = self._scan = self._look() if self._hopper is None else self._hopper.look(offset)
            if scan is None or scan.good < POOR:
                self._pause = PAUSE
            if scan is None:
                return 0
        first = int(np.searchsorted(scan.begins, offset))
        if first == len(scan.begins) or scan.begins[first] != offset:
            return 0
        stop = min(int(scan.bad[np.searchsorted(scan.bad, first)]), first + most)
        if stop - first < FEWEST:
            return 0
        taken = self._take(scan.batch(first, stop, window))
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
            window.view,
            np.frombuffer(window.buffer, np.uint8),
            places[own],
            places[extended],
            np.searchsorted(own, extended),
        )
        members = read_headers(headers, self._limits)
        base = window.base
        ends = after[linked[own]] * BLOCK + pos + base
        return Scan.of(places[first] + base, ends, members, headers.own + BLOCK + base, in_window=True)
