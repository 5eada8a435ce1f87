"""Recognise pax payloads of known layouts in many rows at once (numpy).

A writer that puts the path first lets everything behind it follow one of few layouts, which differ in the number of
digits of their times. A layout fixes every byte behind the path but the values of the times, so that a payload of the
right length whose fixed bytes are equal is framed as its lengths say. Layouts are learned from payloads that `shapes`
has matched; whatever fits none is left to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.source.columns import LATEST, TENS, ZERO, rows_of
from analyzer.source.entry import NANO
from analyzer.source.pax import parse_records

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from analyzer.source.columns import Column

LAYOUTS = 48
"""Layouts kept: each costs a look at the rows that have its length."""
VALUES = (b"atime", b"ctime", b"mtime")
PATH = np.frombuffer(b" path=", np.uint8)
FRONT = 9
"""Bytes of the length and keyword of a path's record, at most."""
LONGEST = 512


class Layout(NamedTuple):
    """What follows the path's record.

    Attributes:
        text: the bytes of the payload it was learned from.
        fixed: 255 for each byte that must be the same, 0 for those of the times' values.
        stamp: where the value of the modification time starts.
        digits: digits of its fraction.
        xattrs: what the attribute records give.
    """

    text: Column
    fixed: Column
    stamp: int
    digits: int
    xattrs: Mapping[str, bytes]


class Found(NamedTuple):
    """Rows of one layout: which, where in the payload each path starts and stops, times in nanoseconds, attributes."""

    rows: Column
    starts: Column
    stops: Column
    mtimes_ns: Column
    xattrs: Mapping[str, bytes]


class Layouts:
    """The layouts of one archive, by their length."""

    def __init__(self) -> None:
        self._known: dict[int, list[Layout]] = {}
        self._keys: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, view: memoryview, places: Column, fronts: Column, sizes: Column) -> list[Found]:
        """Return what is known of payloads.

        Args:
            view: the memory they lie in.
            places: where in it each starts.
            fronts: the first `FRONT` bytes of each, a row each.
            sizes: their lengths; those of more than 512 bytes are left out.
        """
        digits = fronts[:, :3] - ZERO
        three = digits[:, 2] < 10
        width = np.where(three, 3, 2)
        tens = digits[:, 0].astype(np.int64) * 10 + digits[:, 1]
        lengths = np.where(three, tens * 10 + digits[:, 2], tens)
        good = (digits[:, 0] > 0) & (digits[:, :2] < 10).all(axis=1) & (sizes <= LONGEST) & (lengths > width + 7)
        good &= np.where(three, (fronts[:, 3:9] == PATH).all(axis=1), (fronts[:, 2:8] == PATH).all(axis=1)) & (
            lengths < sizes
        )
        rest = np.where(good, sizes - lengths, 0)
        found = []
        for length in np.unique(rest).tolist():
            rows = np.flatnonzero(rest == length)
            layouts = self._known.get(length, ())
            if not layouts:
                continue
            rests = rows_of(np.frombuffer(view, np.uint8), places[rows] + lengths[rows] - 1, length + 1)
            for layout in layouts:
                fits, mtimes = self._fitting(layout, rests)
                which = rows[fits]
                if len(which):
                    found.append(Found(which, width[which] + 6, lengths[which] - 1, mtimes[fits], layout.xattrs))
                    rows, rests = rows[~fits], rests[~fits]
        return found

    def _fitting(self, layout: Layout, rests: Column) -> tuple[Column, Column]:
        """Tell which rows have a layout behind the last byte of their path's record; and their times."""
        fits = ~((rests[:, 1:] ^ layout.text) & layout.fixed).any(axis=1) & (rests[:, 0] == ord("\n"))
        stamps = rests[:, layout.stamp + 1 :] - ZERO
        fits &= (stamps[:, :10] < 10).all(axis=1)
        seconds = stamps[:, :10].astype(np.int64) @ TENS
        fits &= seconds <= LATEST
        mtimes = np.where(fits, seconds, 0) * NANO
        if layout.digits:
            fraction = stamps[:, 11 : 11 + layout.digits]
            fits &= (fraction < 10).all(axis=1)
            mtimes += fraction.astype(np.int64) @ TENS[1 : 1 + layout.digits]
        return fits, mtimes

    def learn(self, payload: bytes, match: re.Match[bytes], xattrs: Mapping[str, bytes]) -> None:
        """Remember the layout of a payload that a pattern of `shapes` matches."""
        start = match.start(1)
        text = payload[match.start(3) - start :]
        if len(self._keys) >= LAYOUTS or match.start(1) != match.pos or len(payload) > LONGEST or not text:
            return
        records, wrong = parse_records(text, LONGEST)
        fixed = np.full(len(text), 255, np.uint8)
        at, stamp, digits = 0, -1, 0
        for name, value in records:
            at += int(text[at : text.index(b" ", at)])
            begin = at - 1 - len(value)
            if name in VALUES:
                fixed[begin : at - 1] = 0
            if name == b"mtime":
                stamp, digits = begin, max(len(value) - 11, 0)
                fixed[begin + 10 : begin + 11] = 255
        if wrong or at != len(text) or stamp < 0 or digits > 9:
            return
        raw = np.frombuffer(text, np.uint8)
        key = (raw & fixed).tobytes()
        if key in self._keys:
            return
        self._keys.add(key)
        layout = Layout(raw, fixed, stamp, digits, xattrs)
        self._known.setdefault(len(text), []).append(layout)
