"""Look at many tar headers at once, as rows of a table of bytes (numpy): which are sound, and what numbers they hold.

Only plain forms are known here: octal digits that fill their field, then a NUL or blank. A header of any other form is
not refused but left to those who read it in full.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.source.header import BLOCK

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Column = npt.NDArray[Any]

FILE, SYMLINK, DIRECTORY = ord("0"), ord("2"), ord("5")
CODES = np.full(256, 255, np.uint8)
"""Index into `RUN_KINDS` by type byte, 255 for all that no run has."""
CODES[[FILE, DIRECTORY, SYMLINK]] = (0, 1, 2)
CHAINED = np.zeros(256, np.bool_)
CHAINED[list(b"0123456xLK")] = True
EXTENDED = np.zeros(256, np.bool_)
EXTENDED[list(b"xLK")] = True
BODILESS = np.zeros(256, np.bool_)
BODILESS[list(b"123456")] = True
MAGIC = np.frombuffer(b"usta", np.uint32)
OCTAL = 8.0 ** np.arange(10, -1, -1)
TENS = 10 ** np.arange(9, -1, -1, dtype=np.int64)
ZERO = np.uint8(ord("0"))
NUMBERS = ((0, 7), (8, 7), (16, 7), (24, 11), (36, 11))
"""(start, digits) of mode, uid, gid, size and time, from byte 100 of a header on."""
LATEST = 9_000_000_000
"""Seconds whose nanoseconds fit 64 bits."""
UNCLEAN = re.compile(rb"\0|(?:^|/)\.{0,2}(?:/|\Z)")


def clean(paths: Sequence[bytes]) -> int:
    """Return how many paths there are before the first that cleaning would change."""
    if _all_clean(b"\n".join((b"", *paths, b""))):
        return len(paths)
    return next((at for at, path in enumerate(paths) if UNCLEAN.search(path)), len(paths))


def _all_clean(lines: bytes) -> bool:
    """Tell whether cleaning would change no path among lines of one path each, with a newline before and behind all."""
    text = np.frombuffer(lines, np.uint8)
    ends = np.flatnonzero((text == ord("/")) | (text == ord("\n")))
    parts, lengths = ends[:-1] + 1, np.diff(ends) - 1
    short = parts[lengths < 3]
    lengths = lengths[lengths < 3]
    dots = (text[short] == ord(".")) & ((lengths < 2) | (text[np.minimum(short + 1, len(text) - 1)] == ord(".")))
    return not bool((dots | (lengths == 0)).any()) and b"\0" not in lines


def names_below(prefix: bytes, paths: Sequence[bytes]) -> list[str]:
    """Return what follows `prefix` in paths, as text, up to the first that lacks it or that cleaning would change.

    Bytes that are no UTF-8 become surrogate escapes.
    """
    paths = paths[: bisect_left(paths, True, key=lambda path: not path.startswith(prefix))]
    if not paths:
        return []
    # a look at a few has found where they end, unless others lie among them; between two paths with a prefix, in the
    # order of bytes, all have it
    if not (min(paths).startswith(prefix) and max(paths).startswith(prefix)):
        paths = paths[: next(at for at, path in enumerate(paths) if not path.startswith(prefix))]
    names = [path[len(prefix) :] for path in paths]
    return decoded(names[: clean(names)])


def decoded(paths: Sequence[bytes]) -> list[str]:
    """Return paths as text, undecodable bytes as surrogate escapes."""
    text = b"\n".join(paths).decode("utf-8", "surrogateescape").split("\n")
    return text if len(text) == len(paths) else [path.decode("utf-8", "surrogateescape") for path in paths]


def find_headers(blocks: Column) -> tuple[Column, Column, Column, Column]:
    """Return row, type and size of every block that looks like a header, and the row after its content.

    A block whose size is not plain, or whose type is none of those that a chain may lead over, is left out.
    """
    magic = np.ndarray(len(blocks), np.uint32, blocks, 257, (BLOCK,))
    rows = np.flatnonzero(magic == MAGIC)
    rows = rows[blocks[rows, 261] == ord("r")]
    types = blocks[rows, 156]
    fields = blocks[rows, 124:136] - ZERO
    known = (fields[:, :11] < 8).all(axis=1) & _ended(fields[:, 11]) & CHAINED[types]
    rows, types = rows[known], types[known]
    sizes = (fields[known, :11].astype(np.float64) @ OCTAL).astype(np.int64)
    stored = np.where(BODILESS[types], 0, sizes)
    return rows, types, sizes, rows + 1 + (stored + BLOCK - 1) // BLOCK


def chain(rows: Column, after: Column, count: int) -> Column:
    """Return the items that are reached from row 0, each from the one before; the last may reach beyond `count`."""
    if not len(rows) or rows[0]:
        return np.zeros(0, np.int64)
    breaks = np.flatnonzero(after[:-1] != rows[1:])
    pieces, item = [], 0
    while True:
        at = int(np.searchsorted(breaks, item))
        last = int(breaks[at]) if at < len(breaks) else len(rows) - 1
        pieces.append(np.arange(item, last + 1))
        target = int(after[last])
        if target >= count:
            break
        item = int(np.searchsorted(rows, target))
        if item == len(rows) or rows[item] != target:
            break
    return np.concatenate(pieces)


def sound(headers: Column) -> Column:
    """Tell which headers have the checksum they state: six octal digits, then two NULs or blanks."""
    field = headers[:, 148:156]
    digits = field - ZERO
    stated = digits[:, :6].astype(np.int64) @ OCTAL[-6:].astype(np.int64)
    total = headers.sum(axis=1, dtype=np.uint32).astype(np.int64) - field.sum(axis=1, dtype=np.int64) + 8 * 32
    good: Column = (digits[:, :6] < 8).all(axis=1) & _ended(digits[:, 6]) & _ended(digits[:, 7])
    good &= total == stated
    return good


def numbers(fields: Column) -> tuple[Column, Column]:
    """Return (mode, uid, gid, size, time in seconds) as five rows, and which headers have only plain numbers.

    Args:
        fields: bytes 100 up to 148 of each header.
    """
    digits = fields - ZERO
    values, plain = [], np.ones(len(fields), np.bool_)
    for start, width in NUMBERS:
        field = digits[:, start : start + width]
        plain &= (field < 8).all(axis=1) & _ended(digits[:, start + width])
        values.append((field.astype(np.float64) @ OCTAL[-width:]).astype(np.int64))
    return np.array(values), plain


def _ended(byte: Column) -> Column:
    """Tell where the byte behind a number, less `0`, is a NUL or blank."""
    ended: Column = (byte == 256 - 48) | (byte == 256 - 48 + 32)
    return ended
