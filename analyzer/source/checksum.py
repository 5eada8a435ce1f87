"""The CRC-64 of a content, and what its NUL bytes tell.

The polynomial is the one of tar-split (ISO, catalogue name CRC-64/GO-ISO).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcrc import crc64

if TYPE_CHECKING:
    from collections.abc import Iterator


HAS_CRC, ZEROED, CUT, ZERO_TAIL = 1, 2, 4, 8
"""Flags of a content: its checksum is known, all bytes are NUL, the archive ends inside it, it ends with NUL pages."""
PAGE = 4096
go_iso = crc64.go_iso


def streamed(chunk: memoryview | None, rest: Iterator[memoryview], size: int) -> tuple[int, int]:
    """Return checksum and flags of a content whose first chunk has been taken; each is only valid until the next."""
    crc, at, used = 0, 0, 0
    while chunk is not None:
        crc = go_iso(chunk, crc) if at else go_iso(chunk)
        at += len(chunk)
        if kept := last_used(chunk):
            used = at - len(chunk) + kept
        chunk = next(rest, None)
    if at != size:
        return 0, CUT
    return crc, HAS_CRC | zeros(used, size)


def last_used(chunk: memoryview) -> int:
    """Return where the last byte of a chunk other than NUL ends, 0 for none."""
    if chunk[-1]:
        return len(chunk)
    end = len(chunk)
    while end:
        start = max(end - PAGE, 0)
        if kept := len(bytes(chunk[start:end]).rstrip(b"\0")):
            return start + kept
        end = start
    return 0


def zeros(used: int, size: int) -> int:
    """Return the flags of a file whose last byte other than NUL is at `used` - 1."""
    if not used:
        return ZEROED
    return ZERO_TAIL if used + -used % PAGE < size else 0
