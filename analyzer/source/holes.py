"""Holes of files: told by their length where that will do, else the zeros that reading them gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.limits import Limits

ZEROS = memoryview(bytes(64 << 10))

Map = list[tuple[int, int]]
"""Stored pieces of a sparse file: (offset in the file, length), both in bytes, in stored order."""


def filled(pieces: Iterable[memoryview | int]) -> Iterator[memoryview]:
    """Yield a content whose holes are given by their length with zeros in their place."""
    for piece in pieces:
        if isinstance(piece, int):
            for left in range(piece, 0, -len(ZEROS)):
                yield ZEROS[:left]
        else:
            yield piece


def too_sparse(size: int, stored: int, limits: Limits) -> str:
    """Return why the zeros of a file of `size` bytes, `stored` of them stored, are not read; `""` to read them."""
    if size > limits.expansion_floor and size > limits.expansion_ratio * max(stored, 512):
        return f"sparse file of {size} bytes exceeds limit expansion_ratio={limits.expansion_ratio}: content not read"
    return ""
