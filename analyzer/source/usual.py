"""The short way through what nearly every member of a bundle is: a pax payload of a known layout, then a plain header.

Everything here could be left out: whatever does not fit goes to `entry` and `extras`, which read all of tar.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from analyzer.source import member as kinds
from analyzer.source.extras import LENGTHS, Extras
from analyzer.source.header import BLOCK, CACHE, EXTENSION, FieldError
from analyzer.source.member import Member
from analyzer.source.pax import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.source.entry import EntryReader
    from analyzer.source.shapes import Shapes

PLAIN_KINDS = {ord("0"): kinds.FILE, ord("5"): kinds.DIRECTORY}
NO_DEVICE = (0, 0)
OWNERS = struct.Struct("100x24s12s")
"""mode, uid and gid in one piece, and size."""


class UsualMember(Member):
    """A member whose modification time is still text; a scan that never asks for it saves its parsing."""

    __slots__ = ("_stamp",)

    def __init__(self, stamp: bytes) -> None:
        self._stamp = stamp

    def __getattr__(self, name: str) -> int:
        """Parse the time when it is first asked for; the payload's pattern has made sure that it parses."""
        if name != "mtime_ns":
            raise AttributeError(name)
        value = self.mtime_ns = parse_time(self._stamp[9:])
        return value


class Owners(dict[bytes, tuple[int, int, int]]):
    """(mode, uid, gid) by the 24 bytes of their fields."""

    def __init__(self, numbers: Mapping[bytes, int]) -> None:
        super().__init__()
        self._numbers = numbers

    def __missing__(self, fields: bytes) -> tuple[int, int, int]:
        """Parse and keep one triple; raises FieldError."""
        if len(self) >= CACHE:
            self.clear()
        numbers = self._numbers
        value = (numbers[fields[:8]] & 0o7777, numbers[fields[8:16]], numbers[fields[16:]])
        self[fields] = value
        return value


class UsualReader:
    """Reads payloads and headers the short way, or leaves them untouched."""

    def __init__(self, entries: EntryReader, shapes: Shapes) -> None:
        self._entries = entries
        self._window = entries.window
        self._body = entries.body
        self._shapes = shapes
        self._limit = entries.limits.path
        self._total = entries.limits.total_bytes
        self._numbers = entries.numbers
        self._owners = Owners(entries.numbers)
        self._waiting = False
        self._start = 0
        self._path = ""
        self._stamp = b""
        self._xattrs: Mapping[str, bytes] = {}

    def payload(self, pos: int) -> bool:
        """Take the pax header at `pos` with its payload when its layout is known and its path clean; tell so."""
        window = self._window
        buffer = window.buffer
        field, _, _ = EXTENSION.unpack_from(buffer, pos)
        size = self._numbers.get(field)
        if size is None or size < 0 or self._waiting:
            return False
        start = pos + BLOCK
        after = start + size + (-size & 511)
        if after > window.end:
            return False
        found = self._shapes.find(buffer, start, start + size)
        if found is None:
            return False
        shape, match = found
        digits, raw, _, stamp = match.groups()
        if LENGTHS.get(digits) != match.start(3) - start - 1:
            return False
        path = raw.decode("utf-8", "surrogateescape")
        if "/." in path or "//" in path or "\0" in path or len(path) > self._limit:
            return False
        self._start = window.base + pos
        self._path = path
        self._stamp = stamp
        self._xattrs = shape.xattrs
        self._waiting = True
        window.pos = after
        return True

    def member(self, kind: int, pos: int) -> Member | None:
        """Return the member of the payload just taken when its header is plain; None to have it read in full."""
        if not self._waiting or kind not in PLAIN_KINDS:
            return None
        window, body = self._window, self._body
        fields, field = OWNERS.unpack_from(window.buffer, pos)
        try:
            mode, uid, gid = self._owners[fields]
            size = self._numbers[field]
        except FieldError:
            return None
        if size < 0 or size > self._total:
            return None
        self._waiting = False
        content = pos + BLOCK
        member = UsualMember(self._stamp)
        member.path = self._path
        member.raw_path = member.link = ""
        member.kind = PLAIN_KINDS[kind]
        member.size = size if kind == 0x30 else 0
        member.mode = mode
        member.uid = uid
        member.gid = gid
        member.rdev = NO_DEVICE
        member.xattrs = self._xattrs
        member.offset = self._start
        member.data_offset = window.base + content
        window.pos = content
        body.start(size, size)
        return member

    def take(self, inherited: Extras) -> tuple[Extras, int] | None:
        """Hand over the payload just taken as (extras, offset of its header), None when there is none."""
        if not self._waiting:
            return None
        self._waiting = False
        extras = inherited.inherited()
        extras.path = self._path.encode("utf-8", "surrogateescape")
        extras.mtime_ns = parse_time(self._stamp[9:])
        extras.xattrs = dict(self._xattrs)
        return extras, self._start
