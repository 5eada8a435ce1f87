"""The short way through what nearly every member of a bundle is: a pax header of a known layout, then a plain header.

Everything here could be left out: whatever does not fit is left untouched, for `entry` and `extras` to read in full.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING
from zlib import adler32

from analyzer.source import member as kinds
from analyzer.source.member import Member
from analyzer.source.tar.header import BLOCK, CACHE, EXTENSION, FieldError
from analyzer.source.tar.reader.extras import LENGTHS
from analyzer.source.tar.reader.pax import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analyzer.source.tar.entry import EntryReader
    from analyzer.source.tar.header import Sums
    from analyzer.source.tar.reader.shapes import Shapes

PAX = ord("x")
FILE = ord("0")
KINDS = {FILE: kinds.FILE, ord("2"): kinds.SYMLINK, ord("5"): kinds.DIRECTORY}
OWNED = ("mode", "uid", "gid")
UNSET = {"link": "", "raw_path": "", "rdev": (0, 0)}
FIELDS = struct.Struct("100x24s12s12x8s")
"""mode, uid and gid in one piece, size, checksum."""


class UsualMember(Member):
    """A file, symlink or directory with a clean path, whose modification time is still text.

    What it cannot have, and the time, mode and owners until they are asked for, are left unset, which saves a scan a
    good part of its time.
    """

    __slots__ = ("owners", "stamp")
    stamp: bytes
    owners: tuple[int, int, int]

    def __init__(self) -> None:  # the reader fills it
        pass

    def __getattr__(self, name: str) -> object:
        """Give what is unset; the payload's pattern has made sure that the time parses."""
        if name == "mtime_ns":
            self.mtime_ns = parse_time(self.stamp[9:])
        elif name in OWNED:
            self.mode, self.uid, self.gid = self.owners
        elif name in UNSET:
            return UNSET[name]
        else:
            raise AttributeError(name)
        return getattr(self, name)


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


def usual_members(entries: EntryReader, shapes: Shapes, sums: Sums) -> Callable[[int], Member | None]:
    """Return a function that reads the member at a window position the short way.

    It returns None and leaves everything as it was unless there is, wholly in the window: a pax header with a valid
    checksum, a payload of a known layout with a clean path, and the header of a file, symlink or directory with a
    valid checksum and sound numbers. A closure, since looking its parts up on an object would cost a tenth of the scan.
    """
    window, body, numbers = entries.window, entries.plain, entries.numbers
    owners = Owners(numbers)
    limit, total = entries.limits.path, entries.limits.total_bytes
    extension, plain, lengths = EXTENSION.unpack_from, FIELDS.unpack_from, LENGTHS
    file, symlink = kinds.FILE, kinds.SYMLINK
    folder, inside = "/", 1  # the last clean directory, with its slash, and its length

    def read(pos: int) -> Member | None:
        nonlocal folder, inside
        buffer, view = window.buffer, window.view
        half, start = pos + 256, pos + BLOCK
        field, check, _ = extension(buffer, pos)
        if (adler32(view[pos:half]) & 0xFFFF) + (adler32(view[half:start]) & 0xFFFF) - 2 != sums[check]:
            return None
        size = numbers.get(field, -1)
        head = start + size + (-size & 511)
        content = head + BLOCK
        if size < 0 or content > window.end:
            return None
        kind = KINDS.get(buffer[head + 156])
        match = shapes.match(buffer, start, start + size)
        if kind is None or match is None:
            return None
        digits, raw, _, stamp = match.groups()
        stop = match.start(3)
        if lengths.get(digits) != stop - start - 1 or (kind is file and match.end(2) + 1 != stop):
            return None  # a slash behind its name makes a file a directory
        path = raw.decode("utf-8", "surrogateescape")
        if not path.startswith(folder) or path.find("/", inside) >= 0:
            if "/." in path or "//" in path:
                return None
            folder = path.rpartition("/")[0] + "/"
            inside = len(folder)
        elif path[inside] == ".":
            return None
        if "\0" in path or len(path) > limit:
            return None
        half = head + 256
        fields, field, check = plain(buffer, head)
        if (adler32(view[head:half]) & 0xFFFF) + (adler32(view[half:content]) & 0xFFFF) - 2 != sums[check]:
            return None
        member = UsualMember()
        try:
            member.owners = owners[fields]
            size = numbers[field]
        except FieldError:
            return None
        if size < 0 or size > total:
            return None
        member.path = path
        member.kind = kind
        member.size = body.size = size if kind is file else 0
        if kind is symlink:
            member.link = bytes(view[head + 157 : head + 257]).partition(b"\0")[0].decode("utf-8", "surrogateescape")
        member.xattrs = shapes.xattrs
        member.stamp = stamp
        base = window.base
        member.offset = base + pos
        member.data_offset = base + content
        body.left = member.size
        entries.body = body
        window.pos = content
        return member

    return read
