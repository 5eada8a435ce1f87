"""Read the tar headers that tar-split keeps as raw bytes: one group (extended headers, then a header) an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.snapshot.tar_entry import GLOBAL_HEADER, NO_DEVICE, NO_XATTRS, TarEntry
from analyzer.source import member as kinds
from analyzer.source.tar.entry import HEADER_ONLY, KINDS, NANO
from analyzer.source.tar.header import (
    BLOCK,
    EXTENSION,
    HEADER,
    FieldError,
    Numbers,
    Sums,
    checksum_ok,
    clean_path,
)
from analyzer.source.tar.pax import Extras, PaxReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.limits import Limits

EXTENSIONS = b"xXLK"
GLOBAL = ord("g")
LONG_NAME, LONG_LINK = ord("L"), ord("K")
REGULAR = b"\x000"
SPARSE = ord("S")
OLD_FORM = 0
"""The type of Version 7, where a trailing slash makes a directory (archive/tar Reader.readHeader)."""


class HeaderReader:
    """Reads header groups; remembers numbers it has parsed, since a layer repeats few of them.

    Attributes:
        sparse: whether some entry was a sparse file, whose stored form tar-split does not keep.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._numbers = Numbers()
        self._sums = Sums()
        self._pax = PaxReader(limits, engine=True)
        self.sparse = False

    def read(self, raw: bytes, at: int) -> tuple[bytes, TarEntry]:
        """Return (name as found, entry without its CRC) of the group in `raw` from `at` on.

        Raises:
            FieldError: the bytes are no complete header group; says what is wrong.
        """
        if at + BLOCK == len(raw):
            return self._entry(raw, at, None)
        end = len(raw)
        extras = Extras()
        while at + BLOCK <= end:
            kind = raw[at + 156]
            if kind not in EXTENSIONS and kind != GLOBAL:
                return self._last(raw, at, extras)
            self._check(raw, at)
            size = self._numbers[EXTENSION.unpack_from(raw, at)[0]]
            start, at = at + BLOCK, at + BLOCK + size + -size % BLOCK
            if size < 0 or at > end:
                raise FieldError(f"an extended header of {size} bytes does not fit")
            if kind == GLOBAL:
                if at == end:
                    return b"", TarEntry("", GLOBAL_HEADER, 0, None, 0, 0, 0, 0)
                continue
            self._extend(kind, raw[start : start + size], extras)
        raise FieldError(f"{end - at} bytes where a header of {BLOCK} is expected")

    def _extend(self, kind: int, data: bytes, extras: Extras) -> None:
        if kind == LONG_NAME:
            extras.long_path = data.partition(b"\0")[0]
        elif kind == LONG_LINK:
            extras.long_link = data.partition(b"\0")[0]
        else:
            self._pax.read(data, extras)

    def _last(self, raw: bytes, at: int, extras: Extras) -> tuple[bytes, TarEntry]:
        if extras.faults:
            raise FieldError(extras.faults[0])
        if at + BLOCK != len(raw) and raw[at + 156] != SPARSE:
            raise FieldError(f"{len(raw) - at - BLOCK} bytes after the header")
        return self._entry(raw, at, extras)

    def _check(self, raw: bytes, at: int) -> None:
        if not checksum_ok(memoryview(raw)[at : at + BLOCK], self._sums):
            raise FieldError("its checksum does not hold")

    def _entry(self, raw: bytes, at: int, extras: Extras | None) -> tuple[bytes, TarEntry]:
        self._check(raw, at)
        name, mode, uid, gid, size, mtime, _, type_, target, magic, major, minor, prefix = HEADER.unpack_from(raw, at)
        number = self._numbers
        code = type_[0]
        name = name.partition(b"\0")[0]
        if prefix[0] and magic[:6] == b"ustar\0":
            name = prefix.partition(b"\0")[0] + b"/" + name
        owner, group, length = number[uid], number[gid], number[size]
        xattrs: Mapping[str, bytes] = NO_XATTRS
        if extras is not None:
            name = extras.path or extras.long_path or name
            owner = owner if extras.uid is None else extras.uid
            group = group if extras.gid is None else extras.gid
            length = length if extras.size is None else extras.size
            xattrs = extras.xattrs or NO_XATTRS
        ns = number[mtime] * NANO if extras is None or extras.mtime_ns is None else extras.mtime_ns
        text = name.decode("utf-8", "surrogateescape")
        kind, link, rdev = KINDS.get(code, kinds.OTHER), "", NO_DEVICE
        if code not in REGULAR or text[-1:] == "/":
            kind, link, rdev = self._unusual(code, text, target, (major, minor), extras)
            length = 0 if code in HEADER_ONLY or kind == kinds.DIRECTORY else length
        if code == SPARSE or (extras is not None and extras.sparse):
            self.sparse = True
            length = -1
        path = clean_path(text, self._limits.path)[0]
        return name, TarEntry(path, kind, length, None, number[mode] & 0o7777, owner, group, ns, link, rdev, xattrs)

    def _unusual(
        self, code: int, text: str, target: bytes, device: tuple[bytes, bytes], extras: Extras | None
    ) -> tuple[str, str, tuple[int, int]]:
        """Return kind, link target and device numbers of anything but a plain file."""
        kind, link, rdev = KINDS.get(code, kinds.OTHER), "", NO_DEVICE
        if kind in (kinds.SYMLINK, kinds.HARDLINK):
            raw = (extras and (extras.link or extras.long_link)) or target
            link = raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")
            if kind == kinds.HARDLINK:
                link = clean_path(link, self._limits.path)[0]
        elif kind in (kinds.CHAR, kinds.BLOCK):
            rdev = (self._numbers[device[0]], self._numbers[device[1]])
        elif code == OLD_FORM and text[-1:] == "/":
            kind = kinds.DIRECTORY
        return kind, link, rdev
