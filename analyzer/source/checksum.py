"""The CRC-64 of a content, and what its NUL bytes tell.

The polynomial is the one of tar-split (ISO, catalogue name CRC-64/GO-ISO).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcrc import crc64

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.source.member import Body

HAS_CRC, ZEROED, CUT, ZERO_TAIL = 1, 2, 4, 8
"""Flags of a content: its checksum is known, all bytes are NUL, the archive ends inside it, it ends with NUL pages."""
PAGE = 4096
go_iso = crc64.go_iso


def checksum(body: Body, size: int) -> tuple[int, int]:
    """Return the CRC-64 of the content of `size` bytes, and its flags."""
    chunks = body.chunks()
    return streamed(next(chunks, None), chunks, size)


def streamed(chunk: memoryview | None, rest: Iterator[memoryview], size: int) -> tuple[int, int]:
    """Return checksum and flags of a content whose first chunk has been taken; each is only valid until the next."""
    crc, at, used = 0, 0, 0
    while chunk is not None:
        crc = go_iso(chunk, crc) if at else go_iso(chunk)
        at += len(chunk)
        if chunk[-1]:
            used = at
        elif kept := len(bytes(chunk).rstrip(b"\0")):
            used = at - len(chunk) + kept
        chunk = next(rest, None)
    if at != size:
        return 0, CUT
    return crc, HAS_CRC | _zeros(used, size)


def _zeros(used: int, size: int) -> int:
    """Return the flags of a file whose last byte other than NUL is at `used` - 1."""
    if not used:
        return ZEROED
    return ZERO_TAIL if used + -used % PAGE < size else 0
