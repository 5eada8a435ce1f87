"""Make a member of a tar header and what extended headers said before it."""

from __future__ import annotations

from analyzer.limits import Limits, reached
from analyzer.source import member as kinds
from analyzer.source.holes import Map
from analyzer.source.member import NO_XATTRS, Member
from analyzer.source.reading_log import ReadingLog
from analyzer.source.stream.window import Window
from analyzer.source.tar.body import SparseBody, TarBody
from analyzer.source.tar.header import (
    BLOCK,
    EXTENSION,
    HEADER,
    FieldError,
    Numbers,
    clean_path,
)
from analyzer.source.tar.pax import Extras
from analyzer.source.tar.sparse import SparseRecords, check, parse_size, read_old

SHOWN = 200
"""Characters of a path that is too long which a loss names."""
KINDS = {
    0x00: kinds.FILE,
    ord("0"): kinds.FILE,
    ord("1"): kinds.HARDLINK,
    ord("2"): kinds.SYMLINK,
    ord("3"): kinds.CHAR,
    ord("4"): kinds.BLOCK,
    ord("5"): kinds.DIRECTORY,
    ord("6"): kinds.FIFO,
    ord("7"): kinds.FILE,
    ord("S"): kinds.FILE,
    ord("D"): kinds.DIRECTORY,
}
HEADER_ONLY = b"12345\x36"
"""Types without content; a size in their headers is not one of content (as GNU tar and Go's archive/tar read it)."""
PLAIN = b"\x0057"
LINKS = b"12"
SYMLINK = ord("2")
DEVICES = b"34"
SPARSE = ord("S")
DUMPDIR = ord("D")
NO_DEVICE = (0, 0)
NANO = 1_000_000_000


class DamagedHeader(Exception):  # noqa: N818 - always caught by the reader
    """A header with a valid checksum says something impossible; the message says what."""


class EntryReader:
    """Reads members from the headers in a window.

    Attributes:
        body: content of the member last made.
        plain: the same when it has no holes.
    """

    def __init__(self, window: Window, limits: Limits, records: ReadingLog) -> None:
        self.window = window
        self.plain = TarBody(window)
        self.body: TarBody = self.plain
        self._sparse = SparseBody(window, limits, records)
        self.limits = limits
        self._records = records
        self.numbers = Numbers()

    def size(self, pos: int) -> int:
        """Return the bytes that follow the header at `pos`.

        Raises:
            DamagedHeader: no number, negative, or beyond any limit.
        """
        field, _, _ = EXTENSION.unpack_from(self.window.buffer, pos)
        return self._size(field)

    def member(self, kind: int, pos: int, extras: Extras, start: int) -> Member:
        """Make the member of the header at `pos` and point the body at its content.

        Args:
            kind: the type byte.
            pos: window position of the header.
            extras: what extended headers said.
            start: stream offset of the first of them, or of the header.

        Raises:
            DamagedHeader: the size is impossible.
        """
        window, numbers = self.window, self.numbers
        name, mode, uid, gid, size, mtime, _, _, target, magic, major, minor, prefix = HEADER.unpack_from(
            window.buffer, pos
        )
        raw = extras.path or extras.long_path or _name(name, magic, prefix)
        text = raw.decode("utf-8", "surrogateescape")
        path, raw_path = clean_path(text, self.limits.path)
        if len(path) > self.limits.path:  # it was cut
            self._records.loss(f"path cut: {reached('path', self.limits.path)}", start, f"{path[:SHOWN]}…")
        stored = 0 if kind in HEADER_ONLY else self._stored(size, extras, path)
        try:
            bits, user, group = numbers[mode] & 0o7777, numbers[uid], numbers[gid]
        except FieldError:
            bits = self._number(mode, "mode") & 0o7777
            user, group = self._number(uid, "uid"), self._number(gid, "gid")
        mtime_ns = extras.mtime_ns
        member = Member(
            path,
            KINDS.get(kind, kinds.OTHER),
            stored,
            bits,
            user if extras.uid is None else extras.uid,
            group if extras.gid is None else extras.gid,
            self._number(mtime, "mtime") * NANO if mtime_ns is None else mtime_ns,
            "",
            NO_DEVICE,
            extras.xattrs or NO_XATTRS,
            start,
            window.base + pos + BLOCK,
            raw_path,
        )
        window.pos = pos + BLOCK
        self.plain.size = self.plain.left = stored
        self.body = self.plain
        if kind not in PLAIN or text[-1:] == "/":
            self._refine(member, kind, extras, (target, major, minor), text)
        if kind == SPARSE or extras.unusual:
            self._unusual(member, kind, extras, pos)
        return member

    def _refine(self, member: Member, kind: int, extras: Extras, fields: tuple[bytes, bytes, bytes], text: str) -> None:
        """Add what only some kinds have: a link's target, a device's numbers, the old form of a directory."""
        target, major, minor = fields
        if kind in LINKS:
            raw = extras.link or extras.long_link or target.partition(b"\0")[0]
            link = raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")
            member.link = link if kind == SYMLINK else clean_path(link, self.limits.path)[0]
        elif kind in DEVICES:
            member.rdev = (self._number(major, "device major"), self._number(minor, "device minor"))
        elif kind == DUMPDIR:
            self._note("content of a GNU dump directory passed over", member)
        elif member.kind == kinds.OTHER:
            self._note(f"unknown type {chr(kind)!r}", member)
        elif text[-1:] == "/":
            member.kind = kinds.DIRECTORY
        if member.kind != kinds.FILE:
            member.size = self.plain.size = 0

    def _unusual(self, member: Member, kind: int, extras: Extras, pos: int) -> None:
        """Settle sparse files, doubled names and damaged records."""
        if extras.path is not None and extras.long_path is not None:
            self._note("both a pax path and a GNU long name: the pax path counts", member)
        if member.kind == kinds.FILE and (kind == SPARSE or extras.sparse):
            self._holes(member, extras, pos)
        for fault in extras.faults or ():
            self._records.loss(fault, member.offset, member.path)

    def _holes(self, member: Member, extras: Extras, pos: int) -> None:
        window, plain = self.window, self.plain
        entries: Map | None = None
        try:
            if extras.sparse:
                form = SparseRecords(extras.sparse, self.limits)
                if form.name:
                    text = form.name.decode("utf-8", "surrogateescape")
                    member.path, member.raw_path = clean_path(text, self.limits.path)
                member.size = form.size
                entries = form.read_map(window, plain)
            else:
                member.size = parse_size(window.view[pos + 483 : pos + 495])
                entries = read_old(window, pos, self.limits)
            check(entries, member.size, plain.left)
        except FieldError as error:
            entries = None
            self._records.loss(f"content not read: {error}", member.offset, member.path)
        member.data_offset = -1
        self._sparse.start(member.path, member.size, plain.left, entries)
        self.body = self._sparse

    def _stored(self, field: bytes, extras: Extras, path: str) -> int:
        """Return the content bytes that follow a header: what pax says, else the header itself."""
        size = extras.size
        if size is None:
            return self._size(field)
        if size > self.limits.total_bytes:
            raise DamagedHeader(f"damaged header (impossible pax size {size})")
        own = self._number(field, "size")
        if size != own and size < 8 << 30:
            what = f"pax size {size} counts, not {own} of the header"
            self._records.note(what, self.window.offset, path)
        return size

    def _size(self, field: bytes) -> int:
        try:
            size = self.numbers[field]
        except FieldError as error:
            raise DamagedHeader(f"damaged header (size: {error})") from error
        if size < 0 or size > self.limits.total_bytes:
            raise DamagedHeader(f"damaged header (impossible size {size})")
        return size

    def _number(self, field: bytes, what: str) -> int:
        """Return a header's number; 0 and a note when it is none."""
        try:
            return self.numbers[field]
        except FieldError as error:
            self._records.note(f"{what}: {error}", self.window.offset)
            return 0

    def _note(self, what: str, member: Member) -> None:
        self._records.note(what, member.offset, member.path)


def _name(name: bytes, magic: bytes, prefix: bytes) -> bytes:
    """Return the path of a header without extensions: ustar splits long ones in prefix and name."""
    name = name.partition(b"\0")[0]
    if prefix[0] and magic[:6] == b"ustar\0":
        return prefix.partition(b"\0")[0] + b"/" + name
    return name
