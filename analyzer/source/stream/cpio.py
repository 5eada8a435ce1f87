"""A cpio archive in the forms newc, crc and odc (cpio(5)) as the tar that it stands for."""

from __future__ import annotations

import os
import re
import stat
import tarfile
from typing import TYPE_CHECKING, NamedTuple

from analyzer.limits import reached
from analyzer.source.stream.as_tar import header

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from analyzer.limits import Limits
    from analyzer.source.reading_log import ReadingLog

NEW, OLD = (b"070701", b"070702"), b"070707"
MAGICS = (*NEW, OLD)
TRAILER = "TRAILER!!!"
PIECE = 1 << 20
WIDTHS = (6, 6, 6, 6, 6, 6, 6, 11, 6, 11)
"""Digits of the fields of odc."""
HEX, OCTAL = re.compile(rb"[0-9A-Fa-f]+"), re.compile(rb"[0-7]+")
LARGEST_DEVICE = 0o7777777
"""What a tar holds of a device number; Linux has smaller ones."""
TYPES = {
    stat.S_IFDIR: tarfile.DIRTYPE,
    stat.S_IFLNK: tarfile.SYMTYPE,
    stat.S_IFCHR: tarfile.CHRTYPE,
    stat.S_IFBLK: tarfile.BLKTYPE,
    stat.S_IFIFO: tarfile.FIFOTYPE,
}


class _Fields(NamedTuple):
    """A header: sizes in bytes, time in Unix seconds; `device` is what a device node stands for."""

    mode: int
    uid: int
    gid: int
    mtime: int
    size: int
    name_size: int
    device: tuple[int, int]
    file_id: tuple[int, int, int]
    links: int


def is_cpio(handle: BinaryIO, limits: Limits) -> bool:
    """Tell whether the first header of a cpio archive can be read."""
    start = handle.tell()
    head = handle.read(110)
    handle.seek(start)
    new = head[:6] in NEW
    fields = _fields(head[6 : 110 if new else 76], new=new)
    return fields is not None and 0 < fields.name_size <= limits.path


def cpio(handle: BinaryIO, limits: Limits, records: ReadingLog) -> Iterator[bytes | memoryview]:
    """Yield a tar of a cpio archive."""
    offset = 0
    linked: dict[tuple[int, int, int], list[tarfile.TarInfo]] = {}

    def take(count: int) -> bytes:
        nonlocal offset
        data = b""
        while len(data) < count and (piece := handle.read(count - len(data))):
            data += piece
        offset += len(data)
        return data

    while True:
        start = offset
        magic = take(6)
        new = magic in NEW
        if magic not in MAGICS:
            records.loss("the cpio archive ends or is damaged here", start)
            return
        fields = _fields(take(104 if new else 70), new=new)
        if fields is None:
            records.loss("a damaged cpio header", start)
            return
        mode, uid, gid, mtime, size, name_size, device, file_id, links = fields
        if not 0 < name_size <= limits.path:
            records.loss(reached("path", limits.path), start)
            return
        raw = take(name_size)
        if new:
            take(-(110 + name_size) % 4)
        name = raw.rstrip(b"\0").decode("utf-8", "surrogateescape")
        if name == TRAILER:
            yield from (header(each) for waiting in linked.values() for each in waiting)
            yield bytes(2 * tarfile.BLOCKSIZE)
            return
        info = tarfile.TarInfo(name.lstrip("/") or ".")
        info.mode, info.uid, info.gid, info.mtime = stat.S_IMODE(mode), uid, gid, mtime
        info.devmajor, info.devminor = device
        kind = stat.S_IFMT(mode)
        info.type = TYPES.get(kind, tarfile.REGTYPE)
        padding = -size % 4 if new else 0
        if kind == stat.S_IFLNK and size <= limits.path:
            info.linkname = take(size).decode("utf-8", "surrogateescape")
            take(padding)
            yield header(info)
            continue
        others: list[tarfile.TarInfo] = []
        if new and info.type == tarfile.REGTYPE and links > 1:
            if not size:  # the content comes with the last of the names
                linked.setdefault(file_id, []).append(info)
                continue
            others = linked.pop(file_id, [])
        info.size = size if info.type == tarfile.REGTYPE else 0
        yield header(info)
        left = size
        while left and (piece := take(min(left, PIECE))):
            left -= len(piece)
            if info.size:
                yield piece
        if left:
            records.loss("the cpio archive ends inside this file", start, name)
            return
        take(padding)
        yield bytes(-info.size % tarfile.BLOCKSIZE)
        for each in others:
            each.type, each.linkname = tarfile.LNKTYPE, info.name
            yield header(each)


def _fields(raw: bytes, *, new: bool) -> _Fields | None:
    """Return the fields behind the magic, None where one is no number or none that a file can have."""
    n, at = [], 0
    for width in (8,) * 13 if new else WIDTHS:
        digits = raw[at : at + width]
        if not (HEX if new else OCTAL).fullmatch(digits):
            return None
        n.append(int(digits, 16 if new else 8))
        at += width
    if new:
        device = (n[9], n[10])
        found = _Fields(n[1], n[2], n[3], n[5], n[6], n[11], device, (n[7], n[8], n[0]), n[4])
    else:
        device = (os.major(n[6]), os.minor(n[6]))
        found = _Fields(n[2], n[3], n[4], n[7], n[9], n[8], device, (n[0], 0, n[1]), n[5])
    return found if max(device) <= LARGEST_DEVICE else None
