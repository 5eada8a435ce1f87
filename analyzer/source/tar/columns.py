"""Look at many tar headers at once (numpy): which are sound, and what numbers they hold.

Only plain forms are known here: octal digits that fill their field but for one or two NULs or blanks behind them, and
owners in base 256. A header of any other form is not refused but left to those who read it in full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.source.tar.header import BLOCK

if TYPE_CHECKING:
    import numpy.typing as npt

    Column = npt.NDArray[Any]

STOP, BODY, BODILESS, EXTENDED = range(4)
"""How a chain of headers leads over one: not at all, by its content, by none, to the member that it belongs to."""
CHAINED = np.zeros(256, np.uint8)
CHAINED[list(b"\x0007")] = BODY
CHAINED[list(b"123456")] = BODILESS
CHAINED[list(b"xLK")] = EXTENDED
WORD, WIDTH = ">u8", 8
"""A word, whose highest byte is the first, and its bytes."""
NUMBERS = 48
"""Bytes that hold mode, uid and gid of seven digits, size and time of eleven, from byte 100 of a header on."""
DIGIT, DIGIT_HIGH, ENDING = 0xF8, 0x30, 0xDF
"""Bits of a byte that tell an octal digit, as they are in one, and bits that are 0 in a NUL and a blank."""
BASE_256 = 0x80
"""First byte of a number of GNU tar that is not text and not negative."""
PIECE = 512
"""Headers that are added up at once: they stay in the processor's cache."""
BYTE, LOW = np.uint64(8), np.uint64(0xFFFFFFFF)
PAIRS, FOURS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)
POWERS = 10 ** np.arange(1, 19, dtype=np.int64)
LAST = np.array([256**count - 1 for count in range(WIDTH + 1)], np.uint64)
"""The last bytes of a word, by their count."""
HIGH, ZEROS, SIXES = (np.uint64(int.from_bytes(bytes([byte]) * WIDTH)) for byte in (0xF0, 0x30, 0x06))
LATEST = 9_000_000_000
"""Seconds whose nanoseconds fit 64 bits."""
SLASH, NEWLINE, DOT = b"/\n."


def find_headers(blocks: Column) -> Column:
    """Return the row of every block that looks like a header with a plain size, of a type that leads over it."""
    if not len(blocks):
        return np.zeros(0, np.int64)
    first = field(blocks, 124, np.uint64)  # digits alike, in whichever order
    rows = np.flatnonzero(_digits(first, WIDTH))
    last = field(blocks, 132, ">u4")[rows].astype(np.uint64)
    found: Column = rows[_digits(last, 3, 1) & (CHAINED[blocks[rows, 156]] != STOP)]
    return found


def sound(data: Column, starts: Column) -> Column:
    """Tell which blocks have the checksum that they state: six octal digits, then two NULs or blanks."""
    sums = np.empty((len(starts), 2), np.uint16)  # what half a block adds up to fits 16 bits
    for start in range(0, len(starts), PIECE):
        halves = rows_of(data, starts[start : start + PIECE], BLOCK).reshape(-1, BLOCK // 2)
        np.add.reduce(halves, axis=1, dtype=np.uint16, out=sums[start : start + PIECE].reshape(-1))
    stated = words_at(data, starts + 148)
    good: Column = _digits(stated, 6, 2)
    total = sums[:, 0].astype(np.uint64) + sums[:, 1]
    good &= total - _bytes(stated) + np.uint64(8 * ord(" ")) == _octal(stated >> np.uint64(16))
    return good


def sizes(data: Column, starts: Column) -> tuple[Column, Column]:
    """Return the sizes that some headers state, and which are plain numbers."""
    first, last = words_at(data, starts + 124), words_at(data, starts + 128) & LOW
    plain = _digits(first, 8) & _digits(last, 3, 1)
    return (_octal(first) << np.uint64(9) | _octal(last >> BYTE)).astype(np.int64), plain


def numbers(data: Column, starts: Column) -> tuple[Column, Column]:
    """Return mode, uid, gid, size and time in seconds of some headers, a row each, and which have plain numbers."""
    fields = rows_of(data, starts + 100, NUMBERS)
    words = np.ascontiguousarray(fields.view(WORD).T, np.uint64)
    mode, uid, gid, front, middle, back = words
    before, behind = middle >> np.uint64(32), middle & LOW
    plain = _digits(front, 8) & _digits(before, 3, 1) & _digits(behind, 4) & _digits(back, 7, 1)
    found = []
    for word in (mode, uid, gid):
        value, full = _octal(word >> BYTE), _digits(word, 7, 1)
        if not full.all():
            short, binary = _digits(word, 6, 2), word >> np.uint64(56) == BASE_256
            value = np.where(short, _octal(word >> np.uint64(16)), value)
            value, full = np.where(binary, word & LAST[WIDTH - 1], value), full | short | binary
        plain &= full
        found.append(value)
    size = _octal(front) << np.uint64(9) | _octal(before >> BYTE)
    time = _octal(behind) << np.uint64(21) | _octal(back >> BYTE)
    return np.array([*found, size, time], np.int64), plain


def field(blocks: Column, start: int, kind: npt.DTypeLike) -> Column:
    """Return one field of every row, without a copy."""
    return np.ndarray(len(blocks), kind, blocks, start, blocks.strides[:1])


def rows_of(text: Column, starts: Column, count: int) -> Column:
    """Return the `count` bytes from each start on, a row each."""
    every: Column = np.ndarray(max(len(text) - count + 1, 0), f"V{count}", text, 0, (1,))
    return every[starts].view(np.uint8).reshape(-1, count)


def places_of(found: Column) -> Column:
    """Return where flags are set, of which few are: eight are looked at together."""
    whole = len(found) // WIDTH * WIDTH
    words = np.flatnonzero(found[:whole].view(np.uint64) > 0)
    those = np.flatnonzero(found[:whole].reshape(-1, WIDTH)[words])
    return np.concatenate((words[those // WIDTH] * WIDTH + those % WIDTH, whole + np.flatnonzero(found[whole:])))


def words_at(text: Column, starts: Column) -> Column:
    """Return the eight bytes from each start on, as numbers whose highest byte is the first."""
    every: Column = np.ndarray(max(len(text) - WIDTH + 1, 0), WORD, text, 0, (1,))
    return every[starts].astype(np.uint64)


def widths(numbers: Column) -> Column:
    """Return how many decimal digits each number has that is not negative."""
    return np.searchsorted(POWERS, numbers, "right") + 1


def decimal(words: Column, digits: Column | int) -> Column:
    """Return the number that the last one to eight bytes of each word stand for, -1 where one is no decimal digit."""
    mask = LAST[np.minimum(digits, WIDTH)]
    plain = (words & mask & HIGH == ZEROS & mask) & ((words & mask) + SIXES & HIGH == ZEROS & mask)
    value = words & mask & ~HIGH
    value = (value >> BYTE & PAIRS) * np.uint64(10) + (value & PAIRS)
    value = (value >> np.uint64(16) & FOURS) * np.uint64(100) + (value & FOURS)
    value = (value >> np.uint64(32)) * np.uint64(10_000) + (value & LOW)
    return np.where(plain, value.astype(np.int64), -1)


def number_before(text: Column, ends: Column, count: int) -> Column:
    """Return the number that the `count` bytes before each end stand for, -1 where one is no decimal digit."""
    last = decimal(words_at(text, ends - WIDTH), min(count, WIDTH))
    if count <= WIDTH:
        return last
    first = number_before(text, ends - WIDTH, count - WIDTH)
    return np.where((first < 0) | (last < 0), -1, first * 10**WIDTH + last)


def _digits(words: Column, count: int, ended: int = 0) -> Column:
    """Tell in which words the last bytes are `count` octal digits and, behind them, as many NULs or blanks as said."""
    mask = int.from_bytes(bytes([DIGIT]) * count + bytes([ENDING]) * ended)
    told: Column = (words & np.uint64(mask)) == np.uint64(int.from_bytes(bytes([DIGIT_HIGH]) * count + bytes(ended)))
    return told


def _octal(words: Column) -> Column:
    """Return the number that up to eight octal digits in each word stand for, the last digit in its last byte."""
    value = words & np.uint64(0x0707070707070707)
    value = (value | value >> np.uint64(5)) & np.uint64(0x003F003F003F003F)
    value = (value | value >> np.uint64(10)) & np.uint64(0x00000FFF00000FFF)
    return (value | value >> np.uint64(20)) & np.uint64(0xFFFFFF)


def _bytes(words: Column) -> Column:
    """Return the sum of the bytes of each word."""
    return _added((words & PAIRS) + (words >> BYTE & PAIRS))


def _added(sums: Column) -> Column:
    """Return the sum of the four numbers that each word holds."""
    sums = (sums & FOURS) + (sums >> np.uint64(16) & FOURS)
    return (sums & LOW) + (sums >> np.uint64(32))
