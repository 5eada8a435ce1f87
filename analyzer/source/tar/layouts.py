"""Recognise pax payloads of known layouts in many rows at once (numpy).

A writer that puts the path first lets everything behind it follow one of few layouts, which differ in the number of
digits of their times. A layout fixes every byte behind the path but the values of the times, so that a payload of the
right length whose fixed bytes are equal is framed as its lengths say. Layouts are learned from payloads that `shapes`
has matched; whatever fits none is left to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.source.tar.columns import LAST, LATEST, WIDTH, decimal, number_before, rows_of, words_at
from analyzer.source.tar.entry import NANO
from analyzer.source.tar.reader.pax import parse_records

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from analyzer.source.tar.columns import Column

LAYOUTS = 48
"""Layouts kept: each costs a look at the rows that have its length."""
VALUES = (b"atime", b"ctime", b"mtime")
PATH = b" path="
LONGEST = 512
SECONDS = 10
"""Digits of a usual time, before its fraction."""


class Layout(NamedTuple):
    """What follows the path's record, and the newline that ends that one before it.

    Attributes:
        text: the last bytes of the payload it was learned from, as words.
        fixed: 255 for each byte that must be the same, 0 for those of the times' values, as words.
        stamp: how far before the end the value of the modification time starts.
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

    def find(self, view: memoryview, places: Column, sizes: Column) -> list[Found]:
        """Return what is known of payloads.

        Args:
            view: the memory they lie in.
            places: where in it each starts.
            sizes: their lengths; those of more than 512 bytes are left out.
        """
        data = np.frombuffer(view, np.uint8)
        fronts = words_at(data, places)
        short = fronts & LAST[6] == int.from_bytes(PATH)
        three = (fronts & LAST[5] == int.from_bytes(PATH[:5])) & (data[places + WIDTH] == PATH[5])
        width = np.where(three, 3, 2)
        lengths = np.where(three, decimal(fronts >> np.uint64(40), 3), decimal(fronts >> np.uint64(48), 2))
        good = (short | three) & (lengths >= np.where(three, 100, 10)) & (lengths > width + 7)
        good &= (lengths < sizes) & (sizes <= LONGEST)
        rest = np.where(good, sizes - lengths, 0)
        found = []
        for length in np.unique(rest).tolist():
            rows = np.flatnonzero(rest == length)
            for layout in self._known.get(length, ()):
                fits, mtimes = _fitting(layout, data, places[rows] + sizes[rows])
                which = rows[fits]
                if len(which):
                    found.append(Found(which, width[which] + 6, lengths[which] - 1, mtimes[fits], layout.xattrs))
                    rows = rows[~fits]
        return found

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
        words, wanted = _as_words(text, fixed)
        key = (words & wanted).tobytes()
        if key in self._keys:
            return
        self._keys.add(key)
        layout = Layout(words, wanted, len(text) - stamp, digits, xattrs)
        self._known.setdefault(len(text), []).append(layout)


def _as_words(text: bytes, fixed: Column) -> tuple[Column, Column]:
    """Return what follows a path's record and which of its bytes are fixed, with the newline before it, as words."""
    size = len(text) + 1 + -(len(text) + 1) % WIDTH
    mask = np.zeros(size, np.uint8)
    mask[-len(text) - 1], mask[-len(text) :] = 255, fixed
    return np.frombuffer((b"\n" + text).rjust(size), np.uint64), mask.view(np.uint64)


def _fitting(layout: Layout, data: Column, ends: Column) -> tuple[Column, Column]:
    """Tell which payloads that end at some places have a layout behind their path's record; and their times."""
    size = len(layout.text) * WIDTH
    words = rows_of(data, ends - size, size).view(np.uint64)
    fits = np.bitwise_or.reduce((words ^ layout.text) & layout.fixed, axis=1) == 0
    stamps = ends - layout.stamp
    seconds = number_before(data, stamps + SECONDS, SECONDS)
    fits &= (seconds >= 0) & (seconds <= LATEST)
    mtimes = np.where(fits, seconds, 0) * NANO
    if layout.digits:
        fraction = number_before(data, stamps + SECONDS + 1 + layout.digits, layout.digits)
        fits &= fraction >= 0
        mtimes += fraction * 10 ** (9 - layout.digits)
    return fits, mtimes
