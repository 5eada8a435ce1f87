"""Find where everything stands in the text of a tar-split, for many lines at once (numpy).

The engines write every line in one form, that of Go: the fields in one order and nothing between them. Where each field
stands then follows from few facts: lines end with a position that counts them, a segment is in base64, and the size
in the line of a file is the one in the header before it. All other bytes are compared. A line in any other form is not
refused but left to those who read JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pybase64

from analyzer.source.tar.columns import NEWLINE, WIDTH, WORD, decimal, field, places_of, rows_of, widths, words_at
from analyzer.source.tar.header import BLOCK

if TYPE_CHECKING:
    from analyzer.source.tar.columns import Column

SEGMENT, FILE = b'{"type":2,"payload":"', b'{"type":1,"name":"'
POSITION, SIZE, SUM, NO_SUM, QUOTE = b',"position":', b'","size":', b',"payload":"', b'","payload":null', b'"'
SUM_LETTERS = 12
DIGITS = 8
"""Digits of a number, at most."""
HEAD = 24
"""Bytes of a line from its start on that tell its kind."""
BODY = 48
"""Bytes before the position: all that the line of a file has behind its name."""
TAIL = BODY + len(POSITION) + DIGITS + 4
"""Bytes before the end of a line; more than the shortest line has."""
SHORTEST = 49
HEADER_LETTERS = BLOCK * 4 // 3 + 2
"""Letters that a header takes, at least."""
LONGEST = 24 << 10
"""Letters of a segment that is looked at, at most."""
NO_HEADER = b"A" * HEADER_LETTERS
EQUALS, LETTER, BRACE = b"=A}"


class Lines(NamedTuple):
    """The lines of a text.

    Attributes:
        text: whole lines.
        starts, ends: where each line starts, and where its newline is or would be.
        tails: what is before each end, a row each.
        segments, files: which begin as those of a segment and of a file do.
    """

    text: bytes
    starts: Column
    ends: Column
    tails: Column
    segments: Column
    files: Column

    @classmethod
    def of(cls, text: bytes) -> Lines:
        """Return the lines of a text; as one line of no known kind where most are too short."""
        data = np.frombuffer(text, np.uint8)
        found = data == NEWLINE
        short = np.count_nonzero(found) * SHORTEST > len(text)
        ends = np.zeros(0, np.int64) if short else places_of(found)
        if short or text[-1:] != b"\n":
            ends = np.append(ends, len(text))
        starts = np.concatenate(([0], ends[:-1] + 1))
        if short or len(text) < TAIL:
            none = np.zeros(len(starts), np.bool_)
            return cls(text, starts, ends, np.zeros((len(starts), TAIL), np.uint8), none, none)
        heads = rows_of(data, np.minimum(starts, len(text) - HEAD), HEAD)
        enough = (ends - starts >= SHORTEST) & (ends >= TAIL)
        tails = rows_of(data, np.maximum(ends - TAIL, 0), TAIL)
        return cls(text, starts, ends, tails, _has(heads, 0, SEGMENT) & enough, _has(heads, 0, FILE) & enough)

    def pairs(self, at: int) -> int:
        """Return how many pairs of a segment and a file follow one another from line `at` on."""
        count = (len(self.starts) - at) // 2
        paired = self.segments[at : at + 2 * count : 2] & self.files[at + 1 : at + 2 * count : 2]
        return count if paired.all() else int(paired.argmin())

    def part(self, start: int, stop: int) -> bytes:
        """Return the text of the lines from `start` up to `stop`."""
        return self.text[self.starts[start] : self.ends[stop - 1] + 1]


class Pairs:
    """Consecutive pairs of a segment and a file, an item each; of an item that is not `known` nothing else is.

    Args:
        lines: all lines.
        at: the first line of the pairs.
        count: how many pairs there are.
        position: what the first line should have.

    Attributes:
        known: which are of the known form as far as looked at.
        spans: bytes of each segment.
        raw, stops: memory that holds the segments, and where in it each stops; that of none is as long as a header.

    Raises:
        ValueError: a segment holds something else than base64.
    """

    def __init__(self, lines: Lines, at: int, count: int, position: int) -> None:
        self._text = lines.text
        bodies, stops, good = _bodies(lines, at, at + 2 * count, position)
        self.known = good[0::2] & good[1::2]
        starts = lines.starts[at : at + 2 * count]
        self._read_segments(bodies[0::2], starts[0::2] + len(SEGMENT), stops[0::2] - 1)
        self._bodies, self._begins, self._stops = bodies[1::2].copy(), starts[1::2] + len(FILE), stops[1::2]

    def _read_segments(self, bodies: Column, begins: Column, stops: Column) -> None:
        """Decode the base64 between some places."""
        known, lengths = self.known, stops - begins
        known &= (lengths >= HEADER_LETTERS) & (lengths <= LONGEST) & (lengths % 4 == 0) & (bodies[:, -1] == ord(QUOTE))
        items = np.flatnonzero(known)
        begins, stops = begins[items], stops[items]
        text, places = memoryview(self._text), zip(begins.tolist(), stops.tolist(), strict=True)
        letters = bytearray().join((NO_HEADER, *[text[begin:stop] for begin, stop in places]))
        view = np.frombuffer(letters, np.uint8)
        ends = np.cumsum(stops - begins) + len(NO_HEADER)
        once = view[ends - 1] == EQUALS
        twice = once & (view[ends - 2] == EQUALS)
        view[ends[once] - 1] = LETTER
        view[ends[twice] - 2] = LETTER
        missing = once.astype(np.int64) + twice
        self.stops = np.full(len(known), BLOCK)
        self.stops[items] = ends // 4 * 3 - missing
        self.raw = pybase64.b64decode(letters, validate=True)
        self.spans = np.where(known, lengths // 4 * 3, 0)
        self.spans[items] -= missing

    def read_files(self, sizes: Column) -> tuple[Column, Column, Column]:
        """Return where in the text the name of each file starts and stops, and its checksum, 0 for none.

        What is not of the known form is no longer `known`.

        Args:
            sizes: bytes of each file.

        Raises:
            ValueError: a checksum holds something else than base64.
        """
        bodies, known, filled, digits = self._bodies, self.known, sizes > 0, widths(sizes)
        letters_at = BODY - len(QUOTE) - SUM_LETTERS
        digits_end = letters_at - len(SUM)
        sized = decimal(field(bodies, digits_end - DIGITS, WORD), digits) == sizes
        sized &= (digits <= DIGITS) & _has(bodies, letters_at - len(SUM), SUM) & (bodies[:, -1] == ord(QUOTE))
        size_at = digits_end - len(SIZE) - np.minimum(digits, DIGITS)
        sized &= _has_at(bodies, size_at, SIZE) & (bodies[:, -2] == EQUALS)
        known &= np.where(filled, sized, _has(bodies, BODY - len(NO_SUM), NO_SUM))
        stops = self._stops - BODY + np.where(filled, size_at, BODY - len(NO_SUM))
        known &= stops > self._begins
        crcs = np.zeros(len(known), np.uint64)
        items = np.flatnonzero(known & filled)
        letters = bodies[items, letters_at : letters_at + SUM_LETTERS]
        letters[:, -1] = LETTER
        raw = np.frombuffer(pybase64.b64decode(letters.tobytes(), validate=True), np.uint8).reshape(
            -1, SUM_LETTERS * 3 // 4
        )
        crcs[items] = raw[:, :-1].copy().view(WORD)[:, 0]
        return self._begins, np.where(known, stops, self._begins), crcs


def _bodies(lines: Lines, start: int, stop: int, position: int) -> tuple[Column, Column, Column]:
    """Return what is before the position of some lines, a row each; where that ends; and which have the right one."""
    tails, ends = lines.tails[start:stop], lines.ends[start:stop]
    positions = np.arange(position, position + len(ends))
    digits = widths(positions)
    bodies = np.zeros((len(ends), BODY), np.uint8)
    good = (digits <= DIGITS) & (tails[:, -1] == BRACE)
    good &= decimal(field(tails, TAIL - 1 - DIGITS, WORD), digits) == positions
    for count in range(int(digits[0]), min(int(digits[-1]), DIGITS) + 1):
        span = slice(*np.searchsorted(digits, (count, count + 1)).tolist())
        at = TAIL - 1 - count - len(POSITION)
        bodies[span] = tails[span, at - BODY : at]
        good[span] &= _has(tails[span], at, POSITION)
    return bodies, ends - 1 - digits - len(POSITION), good


def _has(rows: Column, at: int, text: bytes) -> Column:
    """Tell which rows have a text of at least eight bytes at one place."""
    good = np.ones(len(rows), np.bool_)
    last = len(text) - WIDTH
    for start in (*range(0, last, WIDTH), last):
        good &= field(rows, at + start, np.uint64) == np.frombuffer(text, np.uint64, 1, start)
    return good


def _has_at(rows: Column, at: Column, text: bytes) -> Column:
    """Tell which rows have a text of eight to sixteen bytes, each at a place of its own."""
    places = np.arange(len(rows)) * rows.shape[1] + at
    flat, last = rows.ravel(), len(text) - WIDTH
    good: Column = words_at(flat, places) == int.from_bytes(text[:WIDTH])
    good &= words_at(flat, places + last) == int.from_bytes(text[last:])
    return good
