"""The bundle as it lies: one file or pipe, read once from front to back, counted and (when asked) hashed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from typing import BinaryIO, Protocol

from analyzer.source.reading_log import ReadingLog

HEAD = 64 << 10


class Stream(Protocol):
    """Bytes in order; damage is recorded as a loss and ends the stream, it never raises."""

    def readinto(self, view: memoryview) -> int:
        """Fill a part of `view` and return its length in bytes; 0 only at the end."""

    def skip(self, count: int) -> int:
        """Pass over up to `count` bytes without reading them; return how many, 0 where that is not possible."""


class Input:
    """A file or pipe opened for reading only.

    Attributes:
        name: what the user gave, for messages.
        size: length of the file in bytes, or None for a pipe.
        bytes_read: bytes read or passed over so far.
    """

    def __init__(self, handle: BinaryIO, name: str, records: ReadingLog, *, hashed: bool = False) -> None:
        self.name = name
        self._records = records
        self.bytes_read = 0
        self._handle = handle
        self._fd, self.size = _regular(handle)
        self._start = handle.tell() if self._fd >= 0 else 0
        self._digest = hashlib.sha256() if hashed else None
        self._head = b""

    @property
    def random_access(self) -> bool:
        """Tell whether `pread` works."""
        return self._fd >= 0 and hasattr(os, "pread")

    @property
    def place(self) -> tuple[int, int, int] | None:
        """Return descriptor, first byte and length of what is read, None where it must be read in order."""
        if not hasattr(os, "preadv") or not self.random_access or self.size is None or self._digest is not None:
            return None
        return self._fd, self._start, self.size

    def peek(self) -> bytes:
        """Return up to `HEAD` first bytes without taking them; call it before the first `readinto`."""
        if self.bytes_read == 0 and not self._head:
            buffer = bytearray(HEAD)
            view = memoryview(buffer)
            got = 0
            while got < HEAD and (more := self._take(view[got:])):
                got += more
            self._head = bytes(view[:got])
        return self._head

    def readinto(self, view: memoryview) -> int:
        """Fill a part of `view`; 0 at the end or after a read error (recorded as a loss)."""
        if self._head:
            got = min(len(view), len(self._head))
            view[:got] = self._head[:got]
            self._head = self._head[got:]
        else:
            got = self._take(view)
        self.bytes_read += got
        return got

    def skip(self, count: int) -> int:
        """Seek over up to `count` bytes of a regular file that is not being hashed; return how many."""
        if self._fd < 0 or self._digest is not None or self._head or self.size is None:
            return 0
        count = min(count, self.size - self.bytes_read)
        if count <= 0:
            return 0
        self.bytes_read += count
        self._handle.seek(self._start + self.bytes_read)
        return count

    def pread(self, count: int, offset: int) -> bytes:
        """Return bytes at `offset` without moving the reading position; none after a read error (a loss)."""
        try:
            return os.pread(self._fd, count, self._start + offset)
        except OSError as error:
            self._records.loss(f"read error: {error.strerror or error}", offset)
            return b""

    def finish(self) -> str | None:
        """Read what is left where a digest was asked for, and return it in hex; else None."""
        if self._digest is None:
            return None
        view = memoryview(bytearray(1 << 20))
        while self.readinto(view):
            pass
        return self._digest.hexdigest()

    def close(self) -> None:
        """Close the file."""
        self._handle.close()

    def _take(self, view: memoryview) -> int:
        readinto: Callable[[memoryview], int | None] = self._handle.readinto  # type: ignore[attr-defined]
        try:
            got = readinto(view) or 0
        except OSError as error:
            self._records.loss(f"read error: {error.strerror or error}", self.bytes_read)
            return 0
        if self._digest is not None:
            self._digest.update(view[:got])
        return got


class Watch:
    """Tells at the end whether a local file was written, or another one took its name, since it was opened."""

    def __init__(self, handle: BinaryIO, path: str = "") -> None:
        """Note the file's state; without a path, that of what is redirected to the handle."""
        self._handle = handle
        self._path = path
        self._before = self._now(os.fstat(handle.fileno()))

    def changed(self) -> str:
        """Return what has changed in words, `""` for nothing."""
        try:
            now = self._now(os.stat(self._path) if self._path else os.fstat(self._handle.fileno()))  # noqa: PTH116
        except (OSError, ValueError):
            now = None
        if now is None or now[0] != self._before[0]:
            return "the file was removed or replaced while it was read: what was read is the file as it was opened"
        (_, was, _), (_, size, _) = self._before, now
        if size != was:
            how = "grew" if size > was else "shrank"
            return f"the file {how} from {was:,} to {size:,} bytes while it was read: it was not whole"
        return "the file was written while it was read: parts may be of two states" if now != self._before else ""

    @staticmethod
    def _now(found: os.stat_result) -> tuple[tuple[int, int], int, int]:
        return (found.st_dev, found.st_ino), found.st_size, found.st_mtime_ns


class Replay:
    """An input once more from an offset, to decode with care what a quick decoder failed on.

    Reads what was read before out of order, then goes on with the input itself.
    """

    def __init__(self, source: Input, offset: int) -> None:
        self._source = source
        self._offset = offset

    def readinto(self, view: memoryview) -> int:
        """Fill a part of `view`; 0 at the end."""
        behind = self._source.bytes_read - self._offset
        if behind <= 0:
            return self._source.readinto(view)
        data = self._source.pread(min(len(view), behind), self._offset)
        view[: len(data)] = data
        self._offset += len(data)
        return len(data)

    def skip(self, count: int) -> int:
        """Return 0: nothing can be passed over unread."""
        return count * 0


def _regular(handle: BinaryIO) -> tuple[int, int | None]:
    """Return (descriptor, size) when `handle` is a seekable regular file, else (-1, None)."""
    try:
        fd = handle.fileno()
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            return -1, None
        return fd, max(info.st_size - handle.tell(), 0)
    except (OSError, AttributeError, ValueError):
        return -1, None
