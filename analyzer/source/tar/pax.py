"""What the extended headers before a member say about it: pax records (POSIX.1-2017 `pax`), GNU long names."""

from __future__ import annotations

import binascii
from urllib.parse import unquote_to_bytes

from analyzer.limits import Limits
from analyzer.source.tar.header import FieldError

SCHILY_XATTR = b"SCHILY.xattr."
LIBARCHIVE_XATTR = b"LIBARCHIVE.xattr."

IGNORED = frozenset({b"atime", b"ctime", b"comment", b"charset", b"hdrcharset", b"uname", b"gname"})

SPARSE = b"GNU.sparse."
ATTRIBUTES = 8_192
"""Decoded attributes that are remembered, since they repeat."""
FAULTS = 16

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


def attribute(key: bytes, value: bytes, *, engine: bool = False) -> tuple[str, bytes] | None:
    """Return the extended attribute that a record gives, None for a record of another kind.

    `SCHILY.xattr` has the value as it is; in the name GNU tar writes `%3D` for `=` and `%25` for `%` (src/xheader.c,
    `xattr_encode_keyword`). `LIBARCHIVE.xattr` has the name in URL encoding and the value in base64 without padding
    (libarchive, archive_write_set_format_pax.c); bsdtar writes both for one attribute.

    Args:
        key: keyword of the record.
        value: what follows its `=`.
        engine: read as Go's archive/tar does: the name stands for itself, and libarchive's form is not known.

    Raises:
        FieldError: the base64 is damaged.
    """
    if key.startswith(SCHILY_XATTR):
        name = key[len(SCHILY_XATTR) :]
        if b"%" in name and not engine:
            name = name.replace(b"%3D", b"=").replace(b"%25", b"%")
        return name.decode("utf-8", "surrogateescape"), value
    if engine or not key.startswith(LIBARCHIVE_XATTR):
        return None
    try:
        raw = binascii.a2b_base64(value + b"=" * (-len(value) % 4), strict_mode=True)
    except binascii.Error as error:
        raise FieldError(f"{key.decode('ascii', 'replace')}: not base64") from error
    return unquote_to_bytes(key[len(LIBARCHIVE_XATTR) :]).decode("utf-8", "surrogateescape"), raw


class Extras:
    """Facts that override a header's own; None where nothing was said.

    Attributes:
        path, link: raw bytes of pax `path` and `linkpath`.
        long_path, long_link: raw bytes of GNU long names; a pax value goes before them.
        size, mtime_ns, uid, gid: numbers.
        xattrs: attributes by full name.
        sparse: `GNU.sparse.*` records in order, keyword without that prefix.
        faults: what was wrong, one line each.
        unusual: whether there is anything in `sparse` or `faults`, or a GNU long name.
    """

    __slots__ = (
        "faults",
        "gid",
        "link",
        "long_link",
        "long_path",
        "mtime_ns",
        "path",
        "size",
        "sparse",
        "uid",
        "unusual",
        "xattrs",
    )

    def __init__(self) -> None:
        self.path: bytes | None = None
        self.link: bytes | None = None
        self.long_path: bytes | None = None
        self.long_link: bytes | None = None
        self.size: int | None = None
        self.mtime_ns: int | None = None
        self.uid: int | None = None
        self.gid: int | None = None
        self.xattrs: dict[str, bytes] | None = None
        self.sparse: list[tuple[bytes, bytes]] | None = None
        self.faults: list[str] | None = None
        self.unusual = False

    def inherited(self) -> Extras:
        """Return new extras with the time and owners of these (the reach of a global header)."""
        extras = Extras()
        extras.mtime_ns, extras.uid, extras.gid = self.mtime_ns, self.uid, self.gid
        return extras

    @property
    def usual(self) -> bool:
        """Tell whether time and owners are none that columns have no room for."""
        time, owners = self.mtime_ns or 0, (self.uid or 0, self.gid or 0)
        return 0 <= time < 1 << 63 and max(owners) < 1 << 64

    def fault(self, what: str) -> None:
        """Remember one thing that was wrong, once."""
        faults = self.faults = self.faults or []
        if what not in faults and len(faults) < FAULTS:
            faults.append(what)
        self.unusual = True


class PaxReader:
    """Reads pax payloads into `Extras`, one at a time: what it says counts (`pax_columns` reads many).

    Args:
        limits: bounds on what is read.
        engine: read attributes as the engines do (`attribute`).
    """

    def __init__(self, limits: Limits, *, engine: bool = False) -> None:
        self._limits = limits
        self._engine = engine
        self._known: dict[tuple[bytes, bytes], tuple[str, bytes]] = {}

    def read(self, data: bytes, extras: Extras) -> None:
        """Apply all records of one payload."""
        records, wrong = parse_records(data, self._limits.pax_records)
        for key, value in records:
            if key.startswith(SPARSE):
                extras.sparse = extras.sparse or []
                extras.sparse.append((key[len(SPARSE) :], value))
                extras.unusual = True
            elif key not in IGNORED:
                self._apply(key, value, extras)
        if wrong:
            extras.fault(wrong)

    def _apply(self, key: bytes, value: bytes, extras: Extras) -> None:
        """Apply one record; an empty value takes back an earlier one (POSIX)."""
        try:
            if key == b"path":
                extras.path = value or None
            elif key == b"linkpath":
                extras.link = value or None
            elif key == b"size":
                extras.size = parse_count(value) if value else None
            elif key == b"mtime":
                extras.mtime_ns = parse_time(value) if value else None
            elif key == b"uid":
                extras.uid = parse_count(value) if value else None
            elif key == b"gid":
                extras.gid = parse_count(value) if value else None
            else:
                self._attribute(key, value, extras)
        except FieldError as error:
            extras.fault(f"pax record {key[:40].decode('ascii', 'replace')}: {error}")

    def _attribute(self, key: bytes, value: bytes, extras: Extras) -> None:
        known = self._known.get((key, value))
        if known is None:
            known = attribute(key, value, engine=self._engine)
            if known is None:
                return
            if len(value) < 256:
                if len(self._known) >= ATTRIBUTES:
                    self._known.clear()
                self._known[key, value] = known
        if extras.xattrs is None:
            extras.xattrs = {}
        extras.xattrs[known[0]] = known[1]
