"""The CRC-64 of a content, and what its NUL bytes tell.

The polynomial is the one of tar-split (ISO, catalogue name CRC-64/GO-ISO).
"""

from __future__ import annotations

from collections.abc import Iterable

from fastcrc import crc64

HAS_CRC, ZEROED, CUT, ZERO_TAIL = 1, 2, 4, 8
"""Flags of a content: its checksum is known, all bytes are NUL, the archive ends inside it, it ends with NUL pages."""
PAGE = 4096
POLYNOMIAL, MASK = 0xD8 << 56, (1 << 64) - 1
SMALL_HOLE = 64 << 10
"""Bytes up to which reading zeros is quicker than working out their effect."""
_EFFECTS: list[list[list[int]]] = []
"""What 1, 2, 4, … zero bytes make of a register: a table of 256 for each of its bytes."""
go_iso = crc64.go_iso


def streamed(pieces: Iterable[memoryview | int], size: int) -> tuple[int, int]:
    """Return CRC-64 and flags of a content of `size` bytes, a hole given by its length."""
    crc = at = used = 0
    for piece in pieces:
        if isinstance(piece, int):
            crc = behind_zeros(crc, piece)
            at += piece
            continue
        crc = go_iso(piece, crc)
        if kept := last_used(piece):
            used = at + kept
        at += len(piece)
    if at != size:
        return 0, CUT
    return crc, HAS_CRC | zeros(used, size)


def behind_zeros(crc: int, count: int) -> int:
    """Return the CRC-64 of a content that `count` NUL bytes were added to.

    A zero byte changes the register linearly, and so do 2, 4, 8, … of them: their effects are made once each.
    """
    if count < SMALL_HOLE:
        return go_iso(bytes(count), crc)
    if not _EFFECTS:
        _EFFECTS.append(_tables([_zero_byte(1 << bit) for bit in range(64)]))
    register, power = crc ^ MASK, 0
    while count:
        if power == len(_EFFECTS):
            _EFFECTS.append(_doubled(_EFFECTS[-1]))
        if count & 1:
            register = _changed(_EFFECTS[power], register)
        count, power = count >> 1, power + 1
    return register ^ MASK


def _zero_byte(register: int) -> int:
    for _ in range(8):
        register = register >> 1 ^ (POLYNOMIAL if register & 1 else 0)
    return register


def _changed(effect: list[list[int]], register: int) -> int:
    changed = 0
    for table in effect:
        changed ^= table[register & 255]
        register >>= 8
    return changed


def _doubled(effect: list[list[int]]) -> list[list[int]]:
    return _tables([_changed(effect, _changed(effect, 1 << bit)) for bit in range(64)])


def _tables(images: list[int]) -> list[list[int]]:
    """Return what becomes of each byte of a register, by its value, from what becomes of each bit."""
    tables = []
    for first in range(0, 64, 8):
        table = [0]
        for image in images[first : first + 8]:
            table += [image ^ other for other in table]
        tables.append(table)
    return tables


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
