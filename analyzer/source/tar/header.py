"""Fields of one 512-byte tar header: numbers, checksum, names.

Layouts: POSIX.1-2017 `pax` (ustar), GNU tar `src/tar.h` (old GNU magic, base-256 numbers, sparse), Version 7.
"""

from __future__ import annotations

import hashlib
import struct
from zlib import adler32

BLOCK = 512

MAGIC, MAGIC_AT = b"ustar", 257

CACHE = 32_768

HEADER = struct.Struct("100s8s8s8s12s12s8sc100s8s64x8s8s155s12x")
"""name, mode, uid, gid, size, mtime, checksum, type, link name, magic + version, major, minor, prefix."""

EXTENSION = struct.Struct("124x12s12x8sc")
"""size, checksum, type: all that matters in the header of an extended header."""

_OCTAL = b"01234567"
_SPACED = _OCTAL + b"\0 "


class FieldError(ValueError):
    """A header field or extended record breaks the format; the message says which and how."""


def parse_number(field: bytes) -> int:
    """Return a numeric header field: octal text with blanks around it, or GNU base-256.

    An empty field is 0. Octal ends at the first NUL or blank; what follows must be NULs or blanks.

    Raises:
        FieldError: any other byte.
    """
    if field[-1] in b"\0 " and field[:-1].isdigit() and not field.strip(_SPACED):
        return int(field[:-1], 8)
    first = field[0]
    if first & 0x80:
        if first not in (0x80, 0xFF):
            raise FieldError(f"base-256 number {field.hex()} has an unknown sign byte")
        value = int.from_bytes(field[1:], "big")
        return value if first == 0x80 else value - (1 << (8 * (len(field) - 1)))
    text = field.replace(b"\0", b" ").strip()
    if text.strip(_OCTAL):
        raise FieldError(f"not an octal number: {field!r}")
    return int(text, 8) if text else 0


class Numbers(dict[bytes, int]):
    """Numeric fields already parsed, by their bytes; a bundle repeats few modes, owners and sizes."""

    def __missing__(self, field: bytes) -> int:
        """Parse and keep one field."""
        if len(self) >= CACHE:
            self.clear()
        value = self[field] = parse_number(field)
        return value


class Sums(dict[bytes, int]):
    """Checksum fields already parsed: the plain sum of all 512 bytes the field calls for.

    The stored checksum is the sum with the field itself taken as 8 blanks, so the plain sum must be the stored
    value - 8 * 32 + the sum of the field's bytes. Fields that are no number give -1, which no sum equals.
    """

    def __missing__(self, field: bytes) -> int:
        """Parse and keep one field."""
        if len(self) >= CACHE:
            self.clear()
        try:
            value = parse_number(field) - 8 * 32 + sum(field)
        except FieldError:
            value = -1
        self[field] = value
        return value


def byte_sum(block: memoryview) -> int:
    """Return the exact sum of the 512 bytes of `block`.

    The low half of Adler-32 is (1 + sum of the bytes) mod 65521 (RFC 1950). 256 bytes add up to at most 65,280,
    so 1 + their sum is below the modulus and the low half of each half block is exact; one call over 512 bytes
    (at most 130,560) would not be.
    """
    return (adler32(block[:256]) & 0xFFFF) + (adler32(block[256:512]) & 0xFFFF) - 2


def checksum_ok(block: memoryview, sums: Sums) -> bool:
    """Tell whether the header's checksum holds, as unsigned sum or as the signed sum of old Sun and BSD tars."""
    wanted = sums[bytes(block[148:156])]
    total = byte_sum(block)
    if total == wanted:
        return True
    if wanted < 0 or not total:
        return False
    raw = bytes(block)
    high = sum(1 for byte in raw if byte >= 0x80)
    field_high = sum(1 for byte in raw[148:156] if byte >= 0x80)
    return total - 256 * (high - field_high) == wanted


def holds_header(content: bytes) -> bool:
    """Tell whether the content of a member holds the header of another one at the edge of a block."""
    sums, view, at = Sums(), memoryview(content), content.find(MAGIC)
    while at >= 0:
        start = at - MAGIC_AT
        whole = start >= 0 and start % BLOCK == 0 and start + BLOCK <= len(content)
        if whole and checksum_ok(view[start : start + BLOCK], sums):
            return True
        at = content.find(MAGIC, at + 1)
    return False


def clean_path(raw: str, limit: int) -> tuple[str, str]:
    """Return (cleaned path, raw path or "") as `Member` wants them.

    The path ends at its first NUL. `..` is resolved lexically and stops at the bundle's root. A path longer than
    `limit` characters is cut there and gets a digest of the whole in its place, so that two long paths stay distinct.
    """
    if "\0" in raw:
        return clean_path(raw.partition("\0")[0], limit)[0], raw
    stem = raw.removeprefix("./").strip("/") if raw[:2] == "./" or raw[:1] == "/" else raw.rstrip("/")
    path = stem
    if "//" in stem or "/." in stem or stem[:1] in (".", "/"):
        path = _resolve(stem)
    if len(path) > limit:
        digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()
        return f"{path[:limit]}~{digest[:16]}", ""
    return path, "" if stem in (path, ".") else raw


def _resolve(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part and part != ".":
            parts.append(part)
    return "/".join(parts)
