"""Find the headers of many members at once and offer what they say as batches (`header_columns`).

In a plain file the headers are gathered from their places, and contents read only where they are wanted; in any other
stream both lie in the window.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from analyzer.limits import Limits
from analyzer.source.stream.window import Window
from analyzer.source.tar.chain import chain_of
from analyzer.source.tar.header import BLOCK
from analyzer.source.tar.hop import Places, scan_of
from analyzer.source.tar.pax import Extras
from analyzer.source.tar.pieces import Pieces

if TYPE_CHECKING:
    from analyzer.source.tar.batch import MemberBatch, Scan

    Take = Callable[[MemberBatch], int]

POOR, PAUSE, FAR = 64, 128, 256 << 10
"""Members below which a scan did not pay; how many are then read one by one, unless so many bytes have been passed:
hostile input must not cost a scan a member."""
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
        pieces: of a plain file; None for any other stream.

    Attributes:
        last: path of the last member that was taken.
    """

    def __init__(self, window: Window, limits: Limits, take: Take, pieces: Pieces | None) -> None:
        self._window, self._limits, self._take, self._pieces = window, limits, take, pieces
        self._scan: Scan | None = None
        self.last = ""
        self._pause = self._resume = 0

    def read(self, most: int, inherited: Extras) -> int:
        """Offer up to `most` members from the window's position on; return how many were taken.

        The window is moved behind them; where there are none it stays as it is.

        Args:
            most: members.
            inherited: time and owners of the members that do not state their own.
        """
        window = self._window
        offset = window.offset
        if self._pause and offset < self._resume:
            self._pause -= 1
            return 0
        self._pause, scan = 0, self._scan
        if scan is None or offset >= scan.ends[-1]:
            scan = self._scan = self._look() if self._pieces is None else self._pieces.look(offset)
            if scan is None or scan.good < POOR:
                self._pause, self._resume = PAUSE, offset + FAR
            if scan is None:
                return 0
        first = int(np.searchsorted(scan.begins, offset))
        if first == len(scan.begins) or scan.begins[first] != offset:
            return 0
        stop = min(int(scan.bad[np.searchsorted(scan.bad, first)]), first + most)
        if stop - first < FEWEST:
            return 0
        batch = scan.batch(first, stop, window, inherited)
        taken = self._take(batch)
        if taken:
            (self.last,) = batch.paths.part(taken - 1, taken).behind(b"")
            window.skip(int(scan.ends[first + taken - 1]) - offset)
        else:
            self._pause, self._resume = FEWEST, offset + FAR
        return taken

    def _look(self) -> Scan | None:
        """Return the members that start in the window at its position and lie wholly in it, None for none."""
        window = self._window
        have = window.fill(LEAST)
        if have < LEAST:
            return None
        pos, offset = window.pos, window.offset
        found = chain_of(np.frombuffer(window.buffer, np.uint8)[pos : pos + have], have, have)
        if found is None:
            return None
        places = Places(
            pos + found.own * BLOCK,
            pos + found.extended * BLOCK,
            offset + found.begins * BLOCK,
            offset + int(found.ends[-1]) * BLOCK,
        )
        return scan_of(window.buffer, places, self._limits, in_window=True)
