"""A zip archive as the tar that it stands for.

The standard library reads its directory; what bzip2 and LZMA packed is unpacked here, because `zipfile` unpacks any
piece of those whole, and four kilobytes can hold three gigabytes.
"""

from __future__ import annotations

import bz2
import copy
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analyzer.errors import UnreadableError
from analyzer.limits import reached
from analyzer.source.stream.as_tar import ARCHIVE, WHOLE, header, refuse_bomb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from analyzer.limits import Limits
    from analyzer.source.reading_log import ReadingLog

MAGIC = b"PK\x03\x04"
PIECE = 1 << 20
UNIX = 3
OWNERS = 0x7875
UTF8 = 0x800
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAMAGE = (
    zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError, OverflowError,
    struct.error, zlib.error, lzma.LZMAError,
)  # fmt: skip
"""What a damaged archive makes `zipfile` and the decoders raise."""


def zipped(handle: BinaryIO, name: str, limits: Limits, records: ReadingLog) -> Iterator[bytes | memoryview]:
    """Yield a tar of a zip archive; that of an archive of one archive is what it holds.

    Raises:
        UnreadableError: it cannot be opened; says why.
    """
    try:
        archive = zipfile.ZipFile(handle)
        entries = archive.infolist()
    except DAMAGE as error:
        handle.close()
        raise UnreadableError(
            f"a zip archive that cannot be read ({error}); expected a tar or a directory", where=name
        ) from error
    if any(entry.flag_bits & 1 for entry in entries):
        handle.close()
        raise UnreadableError("an encrypted zip archive; expected a tar or a directory: unpack it", where=name)
    refuse_bomb("zip", sum(entry.file_size for entry in entries), handle, name, limits)
    paths = _paths(entries)
    files = [(entry, path) for entry, path in zip(entries, paths, strict=True) if not path.endswith("/")]
    if len(files) == 1 and ARCHIVE.search(files[0][1]):
        yield from _content(archive, files[0][0], limits, records)
        return
    for entry, path in zip(entries, paths, strict=True):
        folder = path.endswith("/")
        mode = entry.external_attr >> 16 if entry.create_system == UNIX else 0
        info = tarfile.TarInfo(path.rstrip("/"))
        info.mtime = _zip_time(entry)
        info.uid, info.gid = _zip_owner(entry.extra)
        info.mode = stat.S_IMODE(mode or (0o755 if folder else 0o644))
        if folder:
            info.type = tarfile.DIRTYPE
        elif stat.S_ISLNK(mode) and entry.file_size <= limits.path:
            info.type = tarfile.SYMTYPE
            info.linkname = b"".join(_content(archive, entry, limits, records)).decode("utf-8", "surrogateescape")
        if info.type != tarfile.REGTYPE:
            yield header(info)
            continue
        info.size = entry.file_size
        if entry.file_size > WHOLE:
            yield header(info)
            yield from _content(archive, entry, limits, records)
        else:
            data = b"".join(_content(archive, entry, limits, records))
            if len(data) != entry.file_size:
                continue
            yield header(info)
            yield data
        yield bytes(-entry.file_size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: Limits, records: ReadingLog) -> Iterator[bytes]:
    """Yield what an entry holds, up to the size that it states; what cannot be read is a loss."""
    try:
        if entry.compress_type in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            yield from _unpacked(archive, entry, limits)
            return
        with archive.open(entry) as file:
            while piece := file.read(PIECE):
                yield piece
    except DAMAGE as error:
        records.loss(f"this entry of the zip archive cannot be read ({error})", entry.header_offset, entry.filename)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: Limits) -> Iterator[bytes]:
    """Yield what bzip2 or LZMA packed, a bounded piece at a time.

    Raises:
        ValueError: it is damaged, or needs too much memory; the decoders raise errors of their own.
    """
    stored = copy.copy(entry)
    stored.compress_type, stored.file_size = zipfile.ZIP_STORED, entry.compress_size
    del stored.CRC
    left, crc = entry.file_size, 0
    with archive.open(stored) as file:
        decoder = bz2.BZ2Decompressor() if entry.compress_type == zipfile.ZIP_BZIP2 else _lzma(file.read(9), limits)
        while left and not decoder.eof:
            data = file.read(PIECE) if decoder.needs_input else b""
            if decoder.needs_input and not data:
                break
            piece = decoder.decompress(data, min(PIECE, left))
            left, crc = left - len(piece), zlib.crc32(piece, crc)
            if left or crc == entry.CRC:
                yield piece
    if left or crc != entry.CRC:
        raise ValueError("it ends too early" if left else "bad CRC-32")


def _lzma(head: bytes, limits: Limits) -> lzma.LZMADecompressor:
    """Return the decoder of an entry's data behind its head: version, length of what follows, properties, dictionary.

    Raises:
        ValueError: no such head, or a dictionary over the limit.
    """
    _, length, properties, dictionary = struct.unpack("<HHBI", head)
    if length != 5 or properties >= 225:
        raise ValueError("an LZMA header of another form")
    if dictionary > limits.xz_memory:
        raise ValueError(reached("xz_memory", limits.xz_memory))
    rest, lc = divmod(properties, 9)
    pb, lp = divmod(rest, 5)
    form = {"id": lzma.FILTER_LZMA1, "dict_size": dictionary, "lc": lc, "lp": lp, "pb": pb}
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[form])


def _paths(entries: list[zipfile.ZipInfo]) -> list[str]:
    """Return the entries' names; where none has a slash, their backslashes separate, as in zips of .NET on Windows."""
    names = [_zip_name(entry) for entry in entries]
    return names if any("/" in name for name in names) else [name.replace("\\", "/") for name in names]


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
