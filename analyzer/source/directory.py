"""Read a directory as a stream of members without ever following a link out of it or opening anything but files.

Each directory is opened relative to its parent's descriptor with O_NOFOLLOW where the platform has that, so that a
link put in its place between listing and opening is refused by the kernel.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from analyzer.errors import UnreadableError
from analyzer.limits import Limits
from analyzer.source import member as kinds
from analyzer.source.holes import filled, too_sparse
from analyzer.source.member import NO_XATTRS, Loss, Member
from analyzer.source.member_source import MemberSource
from analyzer.source.reading_log import ReadingLog

if TYPE_CHECKING:
    from analyzer.source.tar.batch import MemberBatch

PIECE = 256 << 10
PROC = Path("/proc/self/fd").is_dir()
QUIET = (errno.ENOTSUP, errno.ENODATA)
READ_FILE = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
READ_DIRECTORY = READ_FILE | getattr(os, "O_DIRECTORY", 0)
NO_ATIME = getattr(os, "O_NOATIME", 0)
"""Reading leaves no trace on the evidence; only the owner of a file and root may ask for that (open(2))."""
RELATIVE = {os.open, os.stat, os.readlink} <= os.supports_dir_fd and os.scandir in os.supports_fd
KINDS = {
    stat.S_IFREG: kinds.FILE,
    stat.S_IFDIR: kinds.DIRECTORY,
    stat.S_IFLNK: kinds.SYMLINK,
    stat.S_IFCHR: kinds.CHAR,
    stat.S_IFBLK: kinds.BLOCK,
    stat.S_IFIFO: kinds.FIFO,
    stat.S_IFSOCK: kinds.SOCKET,
}


def open_quietly(path: str, flags: int, parent: int | None = None) -> int:
    """Open a file without touching its time of access, where that is allowed; raises OSError."""
    try:
        return os.open(path, flags | NO_ATIME, dir_fd=parent)
    except PermissionError:
        if not NO_ATIME:
            raise
        return os.open(path, flags, dir_fd=parent)


class _Level(NamedTuple):
    """One directory being read: its path in the bundle, descriptor (-1 without openat) and names left, reversed."""

    path: str
    fd: int
    names: list[str]


class FileBody:
    """Content of the entry just yielded, opened only when read."""

    def __init__(self, source: DirectorySource) -> None:
        self._source = source
        self._view = memoryview(bytearray(PIECE))
        self._at: tuple[str, str, int, os.stat_result] | None = None
        self._complete = True

    def start(self, path: str, name: str, parent: int, info: os.stat_result | None) -> None:
        """Become the content of the next entry; `info` is None for anything but a file."""
        self._at = None if info is None else (path, name, parent, info)
        self._complete = info is None

    @property
    def complete(self) -> bool:
        """Tell, after reading, whether all bytes were there."""
        return self._complete

    def read(self, limit: int) -> bytes | None:
        """Return the whole content, or None when it is longer than `limit`."""
        if self._at is not None and self._at[3].st_size > limit:
            return None
        return b"".join(map(bytes, self.chunks()))

    def chunks(self) -> Iterator[memoryview]:
        """Yield the content, at most as many bytes as the entry's size says; not that of next to nothing but holes."""
        if self._at is None:
            return
        path, _, _, info = self._at
        if message := too_sparse(info.st_size, _stored(info), self._source.limits):
            self._source.records.loss(message, 0, path)
            return
        yield from filled(self.pieces())

    def pieces(self) -> Iterator[memoryview | int]:
        """Yield the same, each hole as its length."""
        if self._at is None:
            return
        path, name, parent, info = self._at
        self._at = None
        try:
            fd = self._source.open_file(name, parent, path)
        except OSError as error:
            self._source.lose(error, path)
            return
        try:
            yield from self._pieces(fd, path, info)
        except OSError as error:
            self._source.lose(error, path)
        finally:
            os.close(fd)

    def _pieces(self, fd: int, path: str, info: os.stat_result) -> Iterator[memoryview | int]:
        now = os.fstat(fd)
        if not stat.S_ISREG(now.st_mode) or (now.st_dev, now.st_ino) != (info.st_dev, info.st_ino):
            self._source.records.loss("replaced while being read", 0, path)
            return
        left, sparse = info.st_size, _stored(info) < info.st_size
        stop = 0 if sparse else info.st_size  # where the data at hand ends
        while left > 0:
            at = info.st_size - left
            if at == stop:
                data, stop = _data(fd, at, info.st_size)
                if hole := data - at:
                    left -= hole
                    yield hole
                    continue
            got = _readinto(fd, self._view[: min(stop - at, PIECE)])
            if not got:
                break
            left -= got
            self._source.bytes_read += got
            yield self._view[:got]
        self._complete = left == 0
        if left:
            self._source.records.loss(f"cut: {left} of {info.st_size} bytes are missing", 0, path)
        then = os.fstat(fd)
        if (then.st_size, then.st_mtime_ns) != (info.st_size, info.st_mtime_ns):
            self._source.records.note("changed while being read", 0, path)


def _stored(info: os.stat_result) -> int:
    """Return how many bytes of a file take room on disk."""
    return getattr(info, "st_blocks", info.st_size) * 512


def _data(fd: int, at: int, size: int) -> tuple[int, int]:
    """Return where the next data of a file starts and where they end, and leave the file at their start."""
    if not hasattr(os, "SEEK_DATA"):
        return at, size
    try:
        start = min(os.lseek(fd, at, os.SEEK_DATA), size)
        stop = min(os.lseek(fd, start, os.SEEK_HOLE), size) if start < size else size
    except OSError as error:
        if error.errno == errno.ENXIO and os.fstat(fd).st_size >= size:
            return size, size  # a hole up to the end
        start, stop = at, size  # no file system with holes, or a file that has become shorter
    os.lseek(fd, start, os.SEEK_SET)
    return start, stop


def _readinto(fd: int, view: memoryview) -> int:
    if hasattr(os, "readv"):
        return os.readv(fd, [view])
    data = os.read(fd, len(view))
    view[: len(data)] = data
    return len(data)


class DirectorySource:
    """A directory as a `MemberSource`; entries come sorted by name, each directory before what it holds."""

    format = "directory"
    bytes_total: int | None = None
    sha256: str | None = None

    def __init__(self, path: str, limits: Limits, records: ReadingLog) -> None:
        self.path = path
        self.records = records
        self.losses: list[Loss] = records.losses
        self.notes: list[Loss] = records.notes
        self.members = 0
        self.bytes_read = 0
        self.limits = limits
        self.again: Callable[[], MemberSource] | None = None
        self._levels: list[_Level] = []
        self._links: dict[tuple[int, int], str] = {}
        try:
            root = open_quietly(path, READ_DIRECTORY & ~getattr(os, "O_NOFOLLOW", 0)) if RELATIVE else -1
            self._levels.append(_Level("", root, self._names(root, path)))
        except OSError as error:
            raise UnreadableError(f"directory cannot be read ({error.strerror or error})", where=path) from error

    @property
    def bytes_out(self) -> int:
        """Bytes read so far; a directory has no compression."""
        return self.bytes_read

    def begin(self, *, contents: bool) -> None:
        """Read nothing ahead."""

    def offer(self, take: Callable[[MemberBatch], int], *, contents: bool) -> None:
        """Offer nothing: entries come one by one."""

    def __iter__(self) -> Iterator[tuple[Member, FileBody]]:
        """Yield every entry once."""
        body = FileBody(self)
        while self._levels:
            level = self._levels[-1]
            if not level.names:
                self._leave()
                continue
            name = level.names.pop()
            path = f"{level.path}/{name}" if level.path else name
            try:
                info = self._stat(name, level.fd, path)
            except OSError as error:
                self.lose(error, path)
                continue
            if self.members >= self.limits.members:
                self.records.loss(f"limit members={self.limits.members} reached: the rest is not read", 0)
                break
            member = self._member(path, name, level.fd, info)
            self.members += 1
            body.start(path, name, level.fd, info if member.kind == kinds.FILE else None)
            yield member, body
            if member.kind == kinds.DIRECTORY:
                self._enter(path, name, level.fd, info)
        self.close()

    def close(self) -> None:
        """Close all directories still open."""
        while self._levels:
            self._leave()

    def lose(self, error: OSError, path: str) -> None:
        """Record an entry that could not be read."""
        self.records.loss(f"cannot be read: {error.strerror or error}", 0, path)

    def open_file(self, name: str, parent: int, path: str) -> int:
        """Open a file of the directory `parent` without following a link in its place."""
        if RELATIVE:
            return open_quietly(name, READ_FILE, parent)
        return open_quietly(self._absolute(path), READ_FILE)

    def _absolute(self, path: str) -> str:
        return str(Path(self.path, *path.split("/")))

    def _stat(self, name: str, parent: int, path: str) -> os.stat_result:
        if RELATIVE:
            return os.stat(name, dir_fd=parent, follow_symlinks=False)
        return os.lstat(self._absolute(path))

    def _names(self, fd: int, path: str) -> list[str]:
        with os.scandir(fd if fd >= 0 else path) as entries:
            return sorted((entry.name for entry in entries), reverse=True)

    def _leave(self) -> None:
        fd = self._levels.pop().fd
        if fd >= 0:
            os.close(fd)

    def _enter(self, path: str, name: str, parent: int, info: os.stat_result) -> None:
        """Go down into a directory, unless it is too deep, unreadable or no longer the one that was listed."""
        if len(self._levels) > self.limits.directory_depth:
            self.records.loss(f"limit directory_depth={self.limits.directory_depth}: not entered", 0, path)
            return
        fd = -1
        try:
            if RELATIVE:
                fd = open_quietly(name, READ_DIRECTORY, parent)
                now = os.fstat(fd)
            else:
                now = os.lstat(self._absolute(path))
            names = self._names(fd, self._absolute(path))
        except OSError as error:
            if fd >= 0:
                os.close(fd)
            self.lose(error, path)
            return
        self._levels.append(_Level(path, fd, names))
        if (now.st_dev, now.st_ino) != (info.st_dev, info.st_ino):
            self.records.loss("replaced while being read", 0, path)
            self._leave()

    def _member(self, path: str, name: str, parent: int, info: os.stat_result) -> Member:
        kind = KINDS.get(stat.S_IFMT(info.st_mode), kinds.OTHER)
        link = ""
        if kind == kinds.SYMLINK:
            link = self._readlink(name, parent, path)
        elif kind == kinds.FILE and info.st_nlink > 1:
            link = self._links.setdefault((info.st_dev, info.st_ino), path)
            kind, link = (kinds.FILE, "") if link == path else (kinds.HARDLINK, link)
        device = getattr(info, "st_rdev", 0)
        special = kind in (kinds.CHAR, kinds.BLOCK)
        return Member(
            path,
            kind,
            info.st_size if kind == kinds.FILE else 0,
            stat.S_IMODE(info.st_mode),
            info.st_uid,
            info.st_gid,
            info.st_mtime_ns,
            link,
            (os.major(device), os.minor(device)) if special else (0, 0),
            self._xattrs(name, parent, path, kind),
        )

    def _readlink(self, name: str, parent: int, path: str) -> str:
        try:
            if RELATIVE:
                return os.readlink(name, dir_fd=parent)
            return str(Path(self._absolute(path)).readlink())
        except OSError as error:
            self.lose(error, path)
            return ""

    def _xattrs(self, name: str, parent: int, path: str, kind: str) -> Mapping[str, bytes]:
        """Return the extended attributes of a file or directory."""
        if not hasattr(os, "listxattr") or kind not in (kinds.FILE, kinds.DIRECTORY, kinds.CHAR):
            return NO_XATTRS
        place = f"/proc/self/fd/{parent}/{name}" if PROC else self._absolute(path)
        try:
            names = os.listxattr(place, follow_symlinks=False)
            if not names:
                return NO_XATTRS
            return {key: os.getxattr(place, key, follow_symlinks=False) for key in names}
        except OSError as error:
            if error.errno not in QUIET:
                self.records.note(f"extended attributes: {error.strerror or error}", 0, path)
            return NO_XATTRS
