"""Read many pax payloads at once (numpy), in lock step: the first record of each, then the second of each, and so on.

Records may come in any order, number and length. What is framed as POSIX says and says nothing odd is read; a payload
with anything else in it is not refused but left to those who read one at a time (`pax`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.source.member import NO_XATTRS
from analyzer.source.tar.columns import LATEST, NEWLINE, WIDTH, decimal, rows_of, words_at
from analyzer.source.tar.entry import NANO
from analyzer.source.tar.header import FieldError
from analyzer.source.tar.pax import SPARSE, attribute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.source.tar.columns import Column

MOST = 64
"""Records of a payload that are read: hostile input must not cost a round a record."""
ALIKE = 8
"""Different records of other kinds that are read for all payloads that have the same."""
BLANK, DOT, EQUALS = b" .="
LENGTH_DIGITS = 5
Key = tuple[np.uint64, np.uint64, int]
FRACTION = 10 ** np.arange(10, dtype=np.int64)[::-1]
"""Nanoseconds in the last digit of a fraction, by its digits."""
SECONDS = 10
"""Digits of the seconds before a fraction."""


def _key(text: bytes) -> Key:
    """Return a keyword's first bytes as a word, which bits of one they are, and the length of all."""
    first = text[:WIDTH]
    mask = (1 << 8 * len(first)) - 1 << 8 * (WIDTH - len(first))
    return np.uint64(int.from_bytes(first.ljust(WIDTH, b"\0"))), np.uint64(mask), len(text)


PATH, LINK, MTIME, SIZE, UID, GID = map(_key, (b"path=", b"linkpath=", b"mtime=", b"size=", b"uid=", b"gid="))
UNREAD = tuple(_key(text) for text in (b"atime=", b"ctime=", b"uname=", b"gname=", b"comment="))
KEYS = (PATH, LINK, MTIME, SIZE, UID, GID, *UNREAD)


class Attributes:
    """Sets of attributes by number; the first is empty, and no other.

    Args:
        engine: whether names stand for themselves, and libarchive's own form is not read, as the engines have it.
    """

    def __init__(self, *, engine: bool = False) -> None:
        self.sets: list[Mapping[str, bytes]] = [NO_XATTRS]
        self._engine = engine
        self._after: dict[tuple[int, bytes], int] = {}
        self._numbers: dict[tuple[tuple[str, bytes], ...], int] = {(): 0}

    def after(self, number: int, record: bytes) -> int:
        """Return the number of the set that a record makes of another, -1 for a record that has to be read alone."""
        pair = (number, record)
        if (found := self._after.get(pair)) is None:
            found = self._after[pair] = self._read(number, record)
        return found

    def _read(self, number: int, record: bytes) -> int:
        key, equals, value = record.partition(b"=")
        if not equals or not key or key.startswith(SPARSE):
            return -1
        try:
            one = attribute(key, value, engine=self._engine)
        except FieldError:
            return -1
        if one is None:
            return number
        new = {**self.sets[number], one[0]: one[1]}
        known = tuple(sorted(new.items()))
        if known not in self._numbers:
            self._numbers[known] = len(self.sets)
            self.sets.append(new)
        return self._numbers[known]


class PayloadColumns(NamedTuple):
    """What payloads say, an item each; -1 where one says nothing.

    Attributes:
        good: whether the payload was read; of one that was not, nothing else is known.
        path, path_end, link, link_end: where the value lies in memory.
        mtime_ns, size, uid, gid: values.
        marks: number of the set of attributes.
    """

    good: Column
    path: Column
    path_end: Column
    link: Column
    link_end: Column
    mtime_ns: Column
    size: Column
    uid: Column
    gid: Column
    marks: Column

    @classmethod
    def nothing(cls, count: int) -> PayloadColumns:
        """Return what payloads say that have no records."""
        path, path_end, link, link_end, mtime_ns, size, uid, gid = np.full((8, count), -1, np.int64)
        good, marks = np.ones(count, np.bool_), np.zeros(count, np.int64)
        return cls(good, path, path_end, link, link_end, mtime_ns, size, uid, gid, marks)


def read_payloads(
    data: Column, starts: Column, stops: Column, attributes: Attributes, most: int = MOST
) -> PayloadColumns:
    """Return what the payloads between some places say.

    Args:
        data: memory with at least 16 bytes before the first payload and behind the last.
        starts: where in it each payload starts.
        stops: where it stops.
        attributes: where sets of attributes are numbered.
        most: records of a payload, at most.
    """
    count = len(starts)
    said = PayloadColumns.nothing(count)
    at, live = starts.copy(), np.flatnonzero(starts < stops)
    for _ in range(min(most, MOST)):
        if not len(live):
            return said
        place, end = at[live], stops[live]
        width, length = _lengths(words_at(data, place))
        after = place + length
        value = place + width + 1
        fits = (width > 0) & (length >= width + 3) & (after <= end)
        after = np.where(fits, after, end)
        fits &= data[after - 1] == NEWLINE
        fits &= _Round(data, value, after - 1, live, attributes).read(said, fits)
        said.good[live[~fits]] = False
        at[live] = after
        live = live[fits & (after < end)]
    said.good[live] = False
    return said


class _Round:
    """One record of each of some payloads.

    Args:
        data: memory.
        begins, ends: where keyword, `=` and value of each lie.
        items: the payloads.
        attributes: where sets of attributes are numbered.
    """

    def __init__(self, data: Column, begins: Column, ends: Column, items: Column, attributes: Attributes) -> None:
        self._data, self._begins, self._ends = data, begins, ends
        self._items, self._attributes = items, attributes
        self._words = words_at(data, begins)
        self._sizes = ends - begins

    def read(self, said: PayloadColumns, todo: Column) -> Column:
        """Enter what the records say, and tell which were read."""
        self._todo = todo.copy()
        good = np.ones(len(todo), np.bool_)
        first = self._words[0]
        for key in sorted(KEYS, key=lambda key: first & key[1] != key[0]):  # most payloads have the same as the first
            if not self._todo.any():
                return good
            if len(those := self._those(key)):
                self._enter(key, those, said, good)
        self._others(said, good)
        return good

    def _enter(self, key: Key, those: Column, said: PayloadColumns, good: Column) -> None:
        """Enter the records that have a keyword, and tell which were not read."""
        begins, ends, items = self._begins[those] + key[2], self._ends[those], self._items[those]
        if key is PATH or key is LINK:
            start, stop = (said.path, said.path_end) if key is PATH else (said.link, said.link_end)
            start[items], stop[items] = begins, ends
            good[those[begins == ends]] = False
        elif key not in UNREAD:
            column = {MTIME: said.mtime_ns, SIZE: said.size, UID: said.uid, GID: said.gid}[key]
            column[items] = values = (times if key is MTIME else counts)(self._data, begins, ends)
            good[those[values < 0]] = False

    def _those(self, key: Key) -> Column:
        """Return which of the records left have a keyword, and leave them no longer."""
        word, mask, size = key
        hit = self._todo & (self._words & mask == word) & (self._sizes >= size)
        if size > WIDTH:
            hit &= self._data[np.minimum(self._begins + WIDTH, len(self._data) - 1)] == EQUALS
        self._todo &= ~hit
        found: Column = hit.nonzero()[0]
        return found

    def _others(self, said: PayloadColumns, good: Column) -> None:
        """Enter attributes; a record of another kind says nothing that is kept."""
        those, memory, after = np.flatnonzero(self._todo), self._data.data, self._attributes.after
        for _ in range(ALIKE):
            if not len(those):
                return
            first = those[0]
            start, size, mark = self._begins[first], self._sizes[first], said.marks[self._items[first]]
            alike = (self._sizes[those] == size) & (said.marks[self._items[those]] == mark)
            rows = rows_of(self._data, self._begins[those[alike]], size)
            alike[alike] = (rows == self._data[start : start + size]).all(axis=1)
            self._mark(said, good, those[alike], after(int(mark), bytes(memory[start : start + size])))
            those = those[~alike]
        for each in those.tolist():
            record = bytes(memory[self._begins[each] : self._ends[each]])
            self._mark(said, good, each, after(int(said.marks[self._items[each]]), record))

    def _mark(self, said: PayloadColumns, good: Column, those: Column | int, mark: int) -> None:
        """Enter the set of attributes that some payloads have with these records."""
        said.marks[self._items[those]] = max(mark, 0)
        if mark < 0:
            good[those] = False


def _lengths(words: Column) -> tuple[Column, Column]:
    """Return how many digits stand before the first blank of each word, 0 for none, and the number they are."""
    width = np.zeros(len(words), np.int64)
    for digits in range(1, LENGTH_DIGITS + 1):
        blank = (words >> np.uint64(8 * (WIDTH - 1 - digits))) & np.uint64(0xFF) == BLANK
        width[blank & (width == 0)] = digits
        if width.all():
            break
    length = decimal(words >> (np.uint64(8) * (np.uint64(WIDTH) - width.astype(np.uint64))), width)
    return np.where(length < 0, 0, width), length


def counts(data: Column, starts: Column, stops: Column) -> Column:
    """Return decimal numbers of one to sixteen digits, -1 for anything else."""
    digits = stops - starts
    value = decimal(words_at(data, stops - WIDTH), np.clip(digits, 1, WIDTH))
    good = (digits > 0) & (digits <= 2 * WIDTH) & (value >= 0)
    if len(long := np.flatnonzero(digits > WIDTH)):
        high = decimal(words_at(data, stops[long] - 2 * WIDTH), np.clip(digits[long] - WIDTH, 1, WIDTH))
        good[long] &= high >= 0
        value[long] += high * 10**WIDTH
    return np.where(good, value, -1)


def times(data: Column, starts: Column, stops: Column) -> Column:
    """Return nanoseconds of times from 1970 on with up to ten digits and, behind ten, a fraction of up to nine.

    It is -1 for anything else.
    """
    size = stops - starts
    dotted = (size > SECONDS + 1) & (size <= SECONDS + 10)
    dot = np.where(dotted, starts + SECONDS, stops)
    seconds = counts(data, starts, dot)
    good = (size <= SECONDS) | dotted
    good &= (seconds >= 0) & (seconds <= LATEST)
    found = np.where(good, seconds, 0) * NANO
    if len(those := np.flatnonzero(dotted)):
        fraction = counts(data, dot[those] + 1, stops[those])
        good[those] &= (data[dot[those]] == DOT) & (fraction >= 0)
        found[those] += fraction * FRACTION[size[those] - SECONDS - 1]
    return np.where(good, found, -1)
