"""Archives that are no tar, and parts of one, read as the tar that they stand for.

A zip, 7-Zip or cpio archive is turned into a tar while it is read: the reader of tars alone defines what a member is.
An archive of one archive is that archive. Parts of a split file (`x.001`, `x.aa`) are read one after the other. Nothing
is unpacked to a disk.
"""

from __future__ import annotations

import io
import os
import re
import stat
import tarfile
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from analyzer.errors import UnreadableError
from analyzer.limits import reached
from analyzer.source.stream.as_tar import ARCHIVE, WHOLE, header, refuse_bomb
from analyzer.source.tar.header import Sums, checksum_ok

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from analyzer.limits import Limits
    from analyzer.source.reading_log import ReadingLog

ZIP, SEVEN_ZIP, CPIO = b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", (b"070701", b"070702", b"070707")
PIECE = 1 << 20
UNIX = 3
OWNERS = 0x7875
UTF8 = 0x800
HEAD = 64 << 10
MAGIC_AT = 257
COMPRESSED = (b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00")
PRINTABLE = bytes(range(32, 127)) + b"\t\n\r\x1b"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TRAILER = "TRAILER!!!"
PARTS = (re.compile(r"^(.*\.)(0*[01])$"), re.compile(r"^(.*[._-])(a+)$"))
MOST_PARTS = 10_000
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


class Made(io.RawIOBase):
    """Bytes that a generator makes, as a file that can only be read in order."""

    def __init__(self, pieces: Iterator[bytes | memoryview], inner: BinaryIO | None = None) -> None:
        super().__init__()
        self._pieces, self._inner = pieces, inner
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        """Fill a part of `view`; 0 at the end."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        got = min(len(view), len(self._left))
        view[:got] = self._left[:got]
        self._left = self._left[got:]
        return got

    def close(self) -> None:
        """Close what the bytes are made from."""
        if self._inner is not None:
            self._inner.close()
        super().close()


def made(pieces: Iterator[bytes | memoryview], inner: BinaryIO | None = None) -> BinaryIO:
    """Return what a generator makes, as a file."""
    return cast("BinaryIO", Made(pieces, inner))


def unwrapped(handle: BinaryIO, name: str, limits: Limits, records: ReadingLog) -> tuple[str, BinaryIO]:
    """Return (`zip`, `7z`, `cpio`, `parts`, or `""`, what to read as a tar) for an opened regular file.

    Raises:
        UnreadableError: a wrapper that cannot be opened; says why.
    """
    if (parts := parts_of(name)) and len(parts) > 1:
        handle.close()
        records.note(f"read together: {len(parts)} parts, the last is {Path(parts[-1]).name}", 0)
        return "parts", made(_joined(parts, records))
    start = handle.tell()
    head = handle.read(6) or b""
    handle.seek(start)
    if head.startswith(ZIP):
        return "zip", made(_zip(handle, name, limits, records), handle)
    if head == SEVEN_ZIP:
        from analyzer.source.stream.seven_zip import seven_zip  # noqa: PLC0415  an extra

        return "7z", made(seven_zip(handle, name, limits, records), handle)
    if head in CPIO and _is_cpio(handle, start, limits):
        return "cpio", made(_cpio(handle, limits, records), handle)
    if before := text_before(handle.read(HEAD)):
        records.note(f"{before} bytes of text before the archive were passed over", 0)
    handle.seek(start + before)
    return "", handle


def _is_cpio(handle: BinaryIO, start: int, limits: Limits) -> bool:
    """Tell whether the first header of a cpio archive can be read."""
    head = handle.read(110)
    handle.seek(start)
    new = head[:6] in CPIO[:2]
    fields = _fields(head[6 : 110 if new else 76], new=new)
    return fields is not None and 0 < fields[5] <= limits.path


def text_before(head: bytes) -> int:
    """Return how many bytes of text stand before an archive, 0 for none: a tool printed them into the same pipe."""
    found = [head.find(magic) for magic in COMPRESSED]
    mark = head.find(b"ustar") - MAGIC_AT
    if mark > 0 and checksum_ok(memoryview(head)[mark : mark + tarfile.BLOCKSIZE], Sums()):
        found.append(mark)
    first = min((place for place in found if place > 0), default=0)
    text = head[:first]
    return first if text.endswith(b"\n") and not text.translate(None, PRINTABLE) else 0


def parts_of(name: str) -> list[str]:
    """Return the parts of a split file in order, when `name` is the first of them; the rest are looked up beside it."""
    for pattern, following in zip(PARTS, (_next_number, _next_letters), strict=True):
        match = pattern.match(name)
        if match is None:
            continue
        found, mark = [name], match.group(2)
        while len(found) < MOST_PARTS and (mark := following(mark)) and Path(match.group(1) + mark).is_file():
            found.append(match.group(1) + mark)
        if len(found) > 1:
            return found
    return []


def _next_number(mark: str) -> str:
    return str(int(mark) + 1).zfill(len(mark))


def _next_letters(mark: str) -> str:
    number = 0
    for letter in mark:
        number = number * 26 + ALPHABET.index(letter)
    number += 1
    letters = ""
    for _ in mark:
        number, rest = divmod(number, 26)
        letters = ALPHABET[rest] + letters
    return "" if number else letters


def _joined(parts: list[str], records: ReadingLog) -> Iterator[bytes | memoryview]:
    for path in parts:
        try:
            with Path(path).open("rb", buffering=0) as file:
                while piece := file.read(PIECE):
                    yield piece
        except OSError as error:
            records.loss(f"this part cannot be read ({error.strerror})", 0, path)
            return


def _zip(handle: BinaryIO, name: str, limits: Limits, records: ReadingLog) -> Iterator[bytes | memoryview]:
    try:
        archive = zipfile.ZipFile(handle)
        entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        handle.close()
        raise UnreadableError(
            f"a zip archive that cannot be read ({error}); expected a tar or a directory", where=name
        ) from error
    if any(entry.flag_bits & 1 for entry in entries):
        handle.close()
        raise UnreadableError("an encrypted zip archive; expected a tar or a directory: unpack it", where=name)
    refuse_bomb("zip", sum(entry.file_size for entry in entries), handle, name, limits)
    files = [entry for entry in entries if not entry.is_dir()]
    if len(files) == 1 and ARCHIVE.search(files[0].filename):
        yield from _content(archive, files[0], records)
        return
    for entry in entries:
        mode = entry.external_attr >> 16 if entry.create_system == UNIX else 0
        info = tarfile.TarInfo(_zip_name(entry).rstrip("/"))
        info.mtime = _zip_time(entry)
        info.uid, info.gid = _zip_owner(entry.extra)
        info.mode = stat.S_IMODE(mode or (0o755 if entry.is_dir() else 0o644))
        if entry.is_dir():
            info.type = tarfile.DIRTYPE
        elif stat.S_ISLNK(mode) and entry.file_size <= limits.path:
            info.type = tarfile.SYMTYPE
            info.linkname = b"".join(_content(archive, entry, records)).decode("utf-8", "surrogateescape")
        if info.type != tarfile.REGTYPE:
            yield header(info)
            continue
        info.size = entry.file_size
        if entry.file_size > WHOLE:
            yield header(info)
            yield from _content(archive, entry, records)
        else:
            data = b"".join(_content(archive, entry, records))
            if len(data) != entry.file_size:
                continue
            yield header(info)
            yield data
        yield bytes(-entry.file_size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, records: ReadingLog) -> Iterator[bytes]:
    try:
        with archive.open(entry) as file:
            while piece := file.read(PIECE):
                yield piece
    except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError, RuntimeError, zlib.error) as error:
        records.loss(f"this entry of the zip archive cannot be read ({error})", entry.header_offset, entry.filename)


def _zip_name(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name: bytes without the mark of UTF-8 are those of the file system, not of an old code page."""
    if entry.flag_bits & UTF8:
        return entry.filename
    return entry.orig_filename.encode("cp437", "replace").decode("utf-8", "surrogateescape")


def _zip_time(entry: zipfile.ZipInfo) -> int:
    try:
        return int((datetime(*entry.date_time, tzinfo=UTC) - EPOCH).total_seconds())
    except ValueError:
        return 0


def _zip_owner(extra: bytes) -> tuple[int, int]:
    """Return the owners that Info-ZIP keeps in the extra field `ux`, those of root where it does not."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = int.from_bytes(extra[at : at + 2], "little"), int.from_bytes(extra[at + 2 : at + 4], "little")
        field = extra[at + 4 : at + 4 + size]
        if kind == OWNERS and len(field) >= 3 and 2 + field[1] < len(field):
            uid, rest = field[2 : 2 + field[1]], field[2 + field[1] :]
            return int.from_bytes(uid, "little"), int.from_bytes(rest[1 : 1 + rest[0]], "little")
        at += 4 + size
    return 0, 0


def _cpio(handle: BinaryIO, limits: Limits, records: ReadingLog) -> Iterator[bytes | memoryview]:
    """Yield a tar of a cpio archive in the forms newc, crc and odc (cpio(5))."""
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
        new = magic in CPIO[:2]
        if magic not in CPIO:
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


TYPES = {
    stat.S_IFDIR: tarfile.DIRTYPE,
    stat.S_IFLNK: tarfile.SYMTYPE,
    stat.S_IFCHR: tarfile.CHRTYPE,
    stat.S_IFBLK: tarfile.BLKTYPE,
    stat.S_IFIFO: tarfile.FIFOTYPE,
}


def _fields(
    raw: bytes, *, new: bool
) -> tuple[int, int, int, int, int, int, tuple[int, int], tuple[int, int, int], int] | None:
    """Return mode, uid, gid, mtime, size, length of the name, device, which file it is, and its links."""
    try:
        if new:
            n = [int(raw[at : at + 8], 16) for at in range(0, 104, 8)]
            return n[1], n[2], n[3], n[5], n[6], n[11], (n[9], n[10]), (n[7], n[8], n[0]), n[4]
        widths = (6, 6, 6, 6, 6, 6, 6, 11, 6, 11)
        n, at = [], 0
        for width in widths:
            n.append(int(raw[at : at + width], 8))
            at += width
        return n[2], n[3], n[4], n[7], n[9], n[8], (os.major(n[6]), os.minor(n[6])), (n[0], 0, n[1]), n[5]
    except ValueError:
        return None
