"""Streams around streams: one whose first bytes were looked at, and one that ends where limits are reached."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.limits import Limits
from analyzer.source.reading_log import ReadingLog
from analyzer.source.stream.input import HEAD, Input, Stream

ZEROS = bytes(4 << 10)


class Peeked:
    """A stream whose first bytes were looked at."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        view = memoryview(bytearray(HEAD))
        got = 0
        while got < HEAD and (more := stream.readinto(view[got:])):
            got += more
        self.head = bytes(view[:got])
        self._left = self.head

    def readinto(self, view: memoryview) -> int:
        """Fill a part of `view`; 0 at the end."""
        if not self._left:
            return self._stream.readinto(view)
        got = min(len(view), len(self._left))
        view[:got] = self._left[:got]
        self._left = self._left[got:]
        return got

    def skip(self, count: int) -> int:
        """Pass over bytes where the stream below can."""
        return 0 if self._left else self._stream.skip(count)


class Bounded:
    """A stream that ends where the limits on decompressed bytes are reached.

    Zeros do not count for the ratio but have a bound of their own: an honest store holds disks and databases of many
    gigabytes that are next to nothing else, and they compress a thousand times and more.
    """

    def __init__(self, stream: Stream, source: Input, limits: Limits, records: ReadingLog) -> None:
        self._stream = stream
        self._source = source
        self._limits = limits
        self._records = records
        self._stopped = False
        self._filled = 0  # bytes past the floor that are not among zeros
        self.bytes_out = 0

    def readinto(self, view: memoryview) -> int:
        """Fill a part of `view`; 0 at the end, or once a limit is reached (recorded as a loss)."""
        left = self._left()
        got = self._stream.readinto(view[:left]) if left > 0 else 0
        self.bytes_out += got
        if self.bytes_out > self._limits.expansion_floor:
            self._filled += sum(len(piece) for piece in _pieces(view[:got]) if piece != ZEROS[: len(piece)])
        return got

    def skip(self, count: int) -> int:
        """Pass over bytes where the stream below can."""
        got = self._stream.skip(min(count, max(self._left(), 0)))
        self.bytes_out += got
        return got

    def _left(self) -> int:
        """Return how many bytes may still come out."""
        limits, out = self._limits, self.bytes_out
        if out >= limits.total_bytes:
            return self._stop(f"limit total_bytes={limits.total_bytes} reached")
        allowed = limits.expansion_ratio * max(self._source.bytes_read, 1)
        if self._filled > allowed:
            return self._stop(f"limit expansion_ratio={limits.expansion_ratio} exceeded")
        if out - self._filled > max(limits.expansion_zeros, allowed):
            return self._stop(f"limit expansion_zeros={limits.expansion_zeros} reached")
        return limits.total_bytes - out

    def _stop(self, what: str) -> int:
        if not self._stopped:
            self._stopped = True
            self._records.loss(f"{what}: the rest is not read", self.bytes_out)
        return 0


def _pieces(view: memoryview) -> Iterator[bytes]:
    return (bytes(view[start : start + len(ZEROS)]) for start in range(0, len(view), len(ZEROS)))
