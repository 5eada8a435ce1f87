"""What the extended headers before a member say about it: pax records, GNU long names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.source.member import NO_XATTRS
from analyzer.source.tar.header import FieldError
from analyzer.source.tar.reader.pax import IGNORED, parse_count, parse_records, parse_time, xattr_name, xattr_value
from analyzer.source.tar.reader.shapes import Shapes

if TYPE_CHECKING:
    from analyzer.limits import Limits

LENGTHS = {b"%d" % length: length - 1 for length in range(5, 5_000)}
_SPARSE = b"GNU.sparse."
_TIMES = (b"atime=", b"ctime=")
_CACHE = 8_192
_FAULTS = 16

_Attribute = tuple[str, bytes]


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

    def fault(self, what: str) -> None:
        """Remember one thing that was wrong, once."""
        faults = self.faults = self.faults or []
        if what not in faults and len(faults) < _FAULTS:
            faults.append(what)
        self.unusual = True


class PaxReader:
    """Reads pax payloads into `Extras`; remembers the attributes it has decoded, since they repeat."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: dict[bytes, _Attribute] = {}
        self.shapes = Shapes()

    def read(self, data: bytes, extras: Extras) -> None:
        """Apply all records of one payload.

        Nearly every record is one line. Where each line's length is the number it starts with, splitting at
        newlines and framing by length are the same: each record starts where the one before ended, and ends
        at its line's end. At the first line that breaks this, the payload is framed by length alone.
        """
        lines = data.split(b"\n")
        if lines.pop() or len(lines) > self._limits.pax_records:
            self._walk(data, extras)
            return
        known, lengths = self._known, LENGTHS
        for line in lines:
            digits, _, record = line.partition(b" ")
            if lengths.get(digits) != len(line):
                self._walk(data, extras)
                return
            if record[:6] in _TIMES:
                continue
            if record[:5] == b"path=":
                extras.path = record[5:]
            elif record[:6] == b"mtime=":
                self._time(record[6:], extras)
            elif (attribute := known.get(record)) is not None:
                if extras.xattrs is None:
                    extras.xattrs = {attribute[0]: attribute[1]}
                else:
                    extras.xattrs[attribute[0]] = attribute[1]
            else:
                key, equals, value = record.partition(b"=")
                if not equals or not key or key.startswith(_SPARSE):
                    self._walk(data, extras)
                    return
                self._apply(key, value, extras)
        if not extras.faults:
            self.shapes.again(data)
            self.shapes.learn(data, extras.xattrs or NO_XATTRS)

    def _walk(self, data: bytes, extras: Extras) -> None:
        """Apply all records framed by their lengths; those applied before are applied again, to the same end."""
        records, wrong = parse_records(data, self._limits.pax_records)
        for key, value in records:
            if key.startswith(_SPARSE):
                extras.sparse = extras.sparse or []
                extras.sparse.append((key[len(_SPARSE) :], value))
                extras.unusual = True
            else:
                self._apply(key, value, extras)
        if wrong:
            extras.fault(wrong)

    def _time(self, value: bytes, extras: Extras) -> None:
        digits = value.replace(b".", b"", 1)
        if len(value) == 20 and value[10] == 0x2E and digits.isdigit():
            extras.mtime_ns = int(digits)
        else:
            self._apply(b"mtime", value, extras)

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
            elif key not in IGNORED and (name := xattr_name(key)):
                self._attribute(key, value, name, extras)
        except FieldError as error:
            extras.fault(f"pax record {key[:40].decode('ascii', 'replace')}: {error}")

    def _attribute(self, key: bytes, value: bytes, name: str, extras: Extras) -> None:
        raw = xattr_value(key, value)
        if extras.xattrs is None:
            extras.xattrs = {}
        extras.xattrs[name] = raw
        if len(value) < 256:
            if len(self._known) >= _CACHE:
                self._known.clear()
            self._known[key + b"=" + value] = (name, raw)
