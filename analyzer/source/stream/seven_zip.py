"""A 7-Zip archive as the tar that it stands for, read by py7zr (an extra): in order and in one pass, to no disk.

py7zr pushes what it unpacks; a thread of its own hands it on piece by piece, and waits while nobody asks for more. How
many bytes come out is bounded by what the archive declares, and that by the limits; headers by py7zr.
"""

from __future__ import annotations

import importlib
import io
import os
import queue
import re
import stat
import tarfile
import threading
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from analyzer.errors import UnreadableError
from analyzer.source.stream.as_tar import ARCHIVE, WHOLE, header, refuse_bomb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from analyzer.limits import Limits
    from analyzer.source.reading_log import ReadingLog

ESCAPED = re.compile("[\uef80-\uefff]")
"""How 7-Zip keeps a byte of a name that is no UTF-8."""
BEGIN, PIECE, END, OVER = range(4)
ADVICE = "`pip install 'containers-storage-analyzer[7z]'` reads it, or unpack it with `7zz x` and name the directory"


class _StoppedError(Exception):
    """Nobody reads any more."""


class _Feed:
    """What py7zr writes to: puts (kind, name or bytes) into a queue of one place."""

    def __init__(self) -> None:
        self.out: queue.Queue[tuple[int, Any]] = queue.Queue(1)
        self.stopped = False

    def put(self, kind: int, value: Any) -> None:
        """Hand something on, and wait until it is taken."""
        while not self.stopped:
            try:
                self.out.put((kind, value), timeout=0.1)
            except queue.Full:
                continue
            return
        raise _StoppedError

    def create(self, name: str) -> _Feed:
        """Begin a file."""
        self.put(BEGIN, name)
        return self

    def write(self, data: bytes) -> int:
        """Take a piece of the file that was begun last."""
        self.put(PIECE, bytes(data))
        return len(data)

    def seek(self, offset: int, _whence: int = 0) -> int:
        """Do nothing: it is read in order."""
        return offset

    def close(self) -> None:
        """End a file whose checksum was right."""
        self.put(END, None)

    def unpack(self, archive: Any) -> None:
        """Unpack everything: what a thread runs."""
        error: BaseException | None = None
        try:
            archive.extractall(Path("/"), factory=self)  # noqa: S202  a factory takes all: nothing is written there
        except BaseException as raised:  # noqa: BLE001 - told where it is read
            error = raised
        try:
            self.put(OVER, error)
        except _StoppedError:
            return


def seven_zip(handle: BinaryIO, name: str, limits: Limits, records: ReadingLog) -> Iterator[bytes | memoryview]:
    """Yield a tar of a 7-Zip archive; that of an archive of one archive is what it holds.

    Raises:
        UnreadableError: it cannot be opened; says why.
    """
    file = cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", handle)))
    archive = _opened(file, name)
    refuse_bomb("7-Zip", sum(each.uncompressed for each in archive.files), handle, name, limits)
    infos: dict[str, tarfile.TarInfo] = {}
    for each in archive.files:
        infos.setdefault(_key(each.filename), _info(each))
    files = [key for key, info in infos.items() if info.type != tarfile.DIRTYPE]
    alone = len(files) == 1 and ARCHIVE.search(files[0]) is not None
    feed = _Feed()
    threading.Thread(target=feed.unpack, args=(archive,), name="analyzer-7z", daemon=True).start()
    try:
        if not alone:
            yield from (header(info) for info in infos.values() if info.type == tarfile.DIRTYPE)
        yield from _unpacked(feed, infos, limits.path, records, alone=alone)
    finally:
        feed.stopped = True
        file.close()


def _opened(handle: BinaryIO, name: str) -> Any:
    try:
        py7zr = importlib.import_module("py7zr")  # optional
    except ImportError:
        handle.close()
        raise UnreadableError(f"a 7-Zip archive: {ADVICE}", where=name) from None
    try:
        archive = py7zr.SevenZipFile(handle)
        encrypted = archive.needs_password()
    except py7zr.exceptions.PasswordRequired:
        encrypted = True
    except Exception as error:  # what a damaged header makes it raise
        handle.close()
        raise UnreadableError(
            f"a 7-Zip archive that cannot be read ({_told(error)}); expected a tar or a directory", where=name
        ) from error
    if encrypted:
        handle.close()
        raise UnreadableError("an encrypted 7-Zip archive; expected a tar or a directory: unpack it", where=name)
    return archive


def _unpacked(
    feed: _Feed, infos: dict[str, tarfile.TarInfo], longest: int, records: ReadingLog, *, alone: bool
) -> Iterator[bytes | memoryview]:
    """Yield the files that a feed hands on, as members of a tar, or as they are where there is one."""
    info: tarfile.TarInfo | None = None
    held: list[bytes] = []
    while True:
        kind, value = feed.out.get()
        if kind == BEGIN:
            info, held = infos.get(_key(value)), []
            if info is None:
                records.loss("a second file of this name is not read", 0, value)
            elif info.type == tarfile.REGTYPE and info.size > WHOLE and not alone:
                yield header(info)
        elif kind == PIECE:
            if info is None:
                continue
            if alone or (info.type == tarfile.REGTYPE and info.size > WHOLE):
                yield value
            elif info.type == tarfile.REGTYPE or sum(map(len, held)) <= longest:
                held.append(value)
        elif kind == END:
            if info is not None and not alone:
                yield from _ended(info, b"".join(held))
            info = None
        else:
            if value is not None:
                where = info.name if info is not None else ""
                records.loss(f"the 7-Zip archive cannot be read from here on ({_told(value)})", 0, where)
            elif not alone:
                yield bytes(2 * tarfile.BLOCKSIZE)
            return


def _ended(info: tarfile.TarInfo, data: bytes) -> Iterator[bytes]:
    """Yield what is left to give of a file that was unpacked."""
    if info.type != tarfile.REGTYPE:
        info.linkname = os.fsdecode(data)
        yield header(info)
        return
    if info.size <= WHOLE:
        yield header(info)
        yield data
    yield bytes(-info.size % tarfile.BLOCKSIZE)


def _info(entry: Any) -> tarfile.TarInfo:
    """Return the header of an entry: 7-Zip keeps no owners, and no kinds but three."""
    info = tarfile.TarInfo(_key(entry.filename))
    info.mode = stat.S_IMODE(entry.posix_mode or (0o755 if entry.is_directory else 0o644))
    info.mtime = entry.lastwritetime.totimestamp() if entry.lastwritetime is not None else 0
    if entry.is_directory:
        info.type = tarfile.DIRTYPE
    elif entry.is_symlink:
        info.type = tarfile.SYMTYPE
    elif entry.st_fmt == stat.S_IFIFO:
        info.type = tarfile.FIFOTYPE
    else:
        info.size = entry.uncompressed
    return info


def _key(name: str) -> str:
    """Return the path of a member, with the bytes that its name had on the node."""
    path = PurePosixPath(name.lstrip("/")).as_posix()
    return ESCAPED.sub(lambda found: chr(0xDC00 + (ord(found[0]) & 0xFF)), path)


def _told(error: BaseException) -> str:
    first = error.args[0] if error.args and isinstance(error.args[0], str) else type(error).__name__
    return first.partition("\n")[0]
