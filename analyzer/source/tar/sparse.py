"""Sparse maps of GNU tar: where the stored pieces of a file belong, and the file with its holes as zeros.

Forms: old GNU headers (`src/tar.h`, struct sparse), pax 0.0 (repeated offset and numbytes records), pax 0.1 (one
map record), pax 1.0 (the map leads the content). Source: GNU tar manual, "Storing Sparse Files".
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.limits import Limits
from analyzer.source.holes import Map
from analyzer.source.stream.window import Window
from analyzer.source.tar.body import TarBody
from analyzer.source.tar.header import BLOCK, FieldError, parse_number
from analyzer.source.tar.pax import parse_count


def read_old(window: Window, pos: int, limits: Limits) -> Map:
    """Return the map of an old GNU header at window position `pos` and the blocks that continue it.

    Leaves the window at the content.

    Raises:
        FieldError: cut, no numbers, or too many entries.
    """
    block = bytes(window.view[pos : pos + BLOCK])
    entries = _old_entries(block, 386, 4)
    more = block[482]
    while more:
        if window.fill(BLOCK) < BLOCK:
            raise FieldError("sparse map is cut")
        block = bytes(window.view[window.pos : window.pos + BLOCK])
        window.pos += BLOCK
        entries += _old_entries(block, 0, 21)
        _bounded(len(entries), limits)
        more = block[504]
    return entries


def _old_entries(block: bytes, start: int, count: int) -> Map:
    entries: Map = []
    for pos in range(start, start + 24 * count, 24):
        offset, length = block[pos : pos + 12], block[pos + 12 : pos + 24]
        if not length.strip(b"\0 ") and not offset.strip(b"\0 "):
            break
        entries.append((parse_number(offset), parse_number(length)))
    return entries


def parse_size(field: memoryview) -> int:
    """Return the size with holes of an old GNU header.

    Raises:
        FieldError: no number, or negative.
    """
    size = parse_number(bytes(field))
    if size < 0:
        raise FieldError(f"negative size {size}")
    return size


class SparseRecords:
    """The `GNU.sparse.*` records of one pax header.

    Attributes:
        name: raw path of the file, which 1.0 stores here and nowhere else; b"" when absent.
        size: bytes with holes.
    """

    def __init__(self, records: Sequence[tuple[bytes, bytes]], limits: Limits) -> None:
        facts = dict(records)
        self._records = records
        self._limits = limits
        self._version = (facts.get(b"major", b"0"), facts.get(b"minor", b"0"))
        self.name = facts.get(b"name", b"")
        self.size = parse_count(facts.get(b"realsize", facts.get(b"size", b"")))

    def read_map(self, window: Window, body: TarBody) -> Map:
        """Return the map, taking it from the front of the content where the form keeps it there.

        Raises:
            FieldError: cut, no numbers, too many entries, or an unknown form.
        """
        if self._version == (b"1", b"0"):
            return self._leading(window, body)
        if self._version[0] != b"0":
            raise FieldError("unknown form of sparse map")
        numbers: list[int] = []
        for key, value in self._records:
            if key in (b"offset", b"numbytes"):
                numbers.append(parse_count(value))
            elif key == b"map":
                numbers = [parse_count(part) for part in value.split(b",")]
        return _pairs(numbers, self._limits)

    def _leading(self, window: Window, body: TarBody) -> Map:
        """Read form 1.0: a count, then offset and length of each piece, a decimal number a line, padded."""
        text, wanted = b"", 1
        numbers: list[int] = []
        while len(numbers) < wanted:
            if body.left < BLOCK or window.fill(BLOCK) < BLOCK:
                raise FieldError("sparse map is cut")
            *lines, text = (text + bytes(window.view[window.pos : window.pos + BLOCK])).split(b"\n")
            window.pos += BLOCK
            body.left -= BLOCK
            if len(text) > BLOCK:
                raise FieldError("sparse map is no list of numbers")
            for line in lines:
                numbers.append(parse_count(line))
                if len(numbers) == 1:
                    _bounded(numbers[0], self._limits)
                    wanted = 1 + 2 * numbers[0]
                if len(numbers) == wanted:
                    break
        return _pairs(numbers[1:], self._limits)


def _pairs(numbers: list[int], limits: Limits) -> Map:
    if len(numbers) % 2:
        raise FieldError("sparse map with an odd count of numbers")
    _bounded(len(numbers) // 2, limits)
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _bounded(count: int, limits: Limits) -> None:
    if count > limits.sparse_entries:
        raise FieldError(f"sparse map exceeds limit sparse_entries={limits.sparse_entries}")


def check(entries: Map, size: int, stored: int) -> None:
    """Test that the map is one of a real file.

    Args:
        entries: the map as stored.
        size: the file's size with holes.
        stored: content bytes in the archive.

    Raises:
        FieldError: overlapping, descending, negative, beyond the file, or more than is stored.
    """
    last = total = 0
    for offset, length in entries:
        if offset < last or length < 0:
            raise FieldError("sparse map overlaps, descends or is negative")
        last = offset + length
        total += length
    if last > size:
        raise FieldError("sparse map reaches beyond the file's size")
    if total > stored:
        raise FieldError(f"sparse map claims {total} bytes, {stored} are stored")
