"""Records of a pax extended header (POSIX.1-2017 `pax`, "pax Header Block") and what they say about a member."""

from __future__ import annotations

import binascii
from urllib.parse import unquote_to_bytes

from analyzer.source.tar.header import FieldError

SCHILY_XATTR = b"SCHILY.xattr."
LIBARCHIVE_XATTR = b"LIBARCHIVE.xattr."

IGNORED = frozenset({b"atime", b"ctime", b"comment", b"charset", b"hdrcharset", b"uname", b"gname"})

Records = list[tuple[bytes, bytes]]


def parse_records(data: bytes, limit: int) -> tuple[Records, str]:
    """Return the records of one extended header in order, and what is wrong with the rest ("" when nothing).

    A record is `LENGTH SP KEY = VALUE NEWLINE`, its length in bytes counts all of that, and only the length frames
    it: a value may hold newlines, NULs or text that looks like a record. The records before a malformed one count.
    """
    records: Records = []
    pos, end = 0, len(data)
    while pos < end:
        if len(records) >= limit:
            return records, f"more than {limit} pax records (limit pax_records)"
        blank = data.find(b" ", pos, pos + 20)
        digits = data[pos:blank] if blank > 0 else b""
        if not digits.isdigit():
            return (records, "") if not data[pos:].strip(b"\0") else (records, _bad("length is no number", pos))
        stop = pos + int(digits)
        if stop > end or stop < blank + 3:
            return records, _bad(f"length {int(digits)} does not fit in its header", pos)
        equals = data.find(b"=", blank, stop)
        if equals <= blank + 1:
            return records, _bad("no keyword", pos)
        if data[stop - 1] != 0x0A:
            return records, _bad("no newline at its end", pos)
        records.append((data[blank + 1 : equals], data[equals + 1 : stop - 1]))
        pos = stop
    return records, ""


def _bad(what: str, pos: int) -> str:
    return f"malformed pax record at byte {pos}: {what}"


def parse_time(value: bytes) -> int:
    """Return Unix nanoseconds of a pax time (decimal seconds, any fraction; digits past the ninth are dropped)."""
    whole, _, fraction = value.partition(b".")
    digits = whole.removeprefix(b"-")
    if not digits.isdigit() or len(digits) > 19 or (fraction and not fraction.isdigit()):
        raise FieldError(f"not a pax time: {value[:40]!r}")
    nanoseconds = int(digits) * 1_000_000_000 + int(fraction[:9].ljust(9, b"0"))
    return -nanoseconds if whole[:1] == b"-" else nanoseconds


def parse_count(value: bytes) -> int:
    """Return a non-negative decimal number of a pax record.

    Raises:
        FieldError: a sign, another character, or more digits than any size has.
    """
    if not value.isdigit() or len(value) > 20:
        raise FieldError(f"not a decimal number: {value[:40]!r}")
    return int(value)


def xattr_name(key: bytes) -> str:
    """Return the attribute a record is about, or "" for another kind of record."""
    if key.startswith(SCHILY_XATTR):
        return key[len(SCHILY_XATTR) :].decode("utf-8", "surrogateescape")
    if key.startswith(LIBARCHIVE_XATTR):
        return unquote_to_bytes(key[len(LIBARCHIVE_XATTR) :]).decode("utf-8", "surrogateescape")
    return ""


def xattr_value(key: bytes, value: bytes) -> bytes:
    """Return the raw attribute value: SCHILY stores it as is, libarchive as base64 without padding.

    Raises:
        FieldError: the base64 is damaged.
    """
    if key.startswith(SCHILY_XATTR):
        return value
    try:
        return binascii.a2b_base64(value + b"=" * (-len(value) % 4), strict_mode=True)
    except binascii.Error as error:
        raise FieldError(f"{key.decode('ascii', 'replace')}: not base64") from error
