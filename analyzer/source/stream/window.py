"""One reusable buffer that slides over a stream, so that reading costs no fresh memory."""

from __future__ import annotations

from collections.abc import Callable
from mmap import mmap

from analyzer.source.reading_log import ReadingLog
from analyzer.source.stream.input import Stream

SIZE = 256 << 10
SEEK = 64 << 10
"""Fewest bytes that are passed over by seeking; fewer are cheaper to read."""


class Window:
    """The part of a stream that is in memory.

    Attributes:
        buffer, view: the memory, and a view of the whole of it; `fill` may exchange them.
        pos, end: the unread bytes are `view[pos:end]`; callers may move `pos` forward up to `end`.
        base: stream offset of `buffer[0]`.
    """

    __slots__ = ("_below", "_handed", "_records", "_stream", "_taken", "base", "buffer", "end", "pos", "view")

    def __init__(
        self, stream: Stream, largest: int, taken: Callable[[], int], below: ReadingLog, records: ReadingLog
    ) -> None:
        """Slide over `stream`.

        Args:
            stream: read by nobody else from now on.
            largest: bounds what `fill` is asked for.
            taken: tells how many bytes of the input `stream` has taken.
            below: where `stream` records.
            records: where that is handed on to, in stream order.
        """
        self._stream = stream
        self._taken = taken
        self._below = below
        self._records = records
        self._handed = (0, 0)
        self.buffer: bytearray | mmap = bytearray(max(SIZE, largest))
        self.view = memoryview(self.buffer)
        self.pos = 0
        self.end = 0
        self.base = 0

    def begin(self) -> None:
        """Read ahead from now on, where something does."""

    @property
    def offset(self) -> int:
        """Stream offset of the next unread byte."""
        return self.base + self.pos

    def fill(self, count: int) -> int:
        """Make at least `count` unread bytes available where the stream has them; return how many there are."""
        have = self.end - self.pos
        if have >= count:
            return have
        view = self.view
        view[:have] = bytes(view[self.pos : self.end])
        self.base += self.pos
        self.pos, self.end = 0, have
        while self.end < count:
            got = self._stream.readinto(view[self.end :])
            if not got:
                break
            self.end += got
        self._hand_on((len(self._below.losses), len(self._below.notes)))
        return self.end

    def skip(self, count: int) -> int:
        """Pass over `count` bytes; return how many there were before the stream ended."""
        left = count
        while True:
            have = min(left, self.end - self.pos)
            self.pos += have
            left -= have
            if left >= SEEK:
                left -= self.seek(left)
            if not left:
                return count
            if not self.fill(1):
                return count - left

    def seek(self, count: int) -> int:
        """Pass over up to `count` bytes behind an empty window without reading them; return how many."""
        passed = self._stream.skip(count)
        self.base += passed
        return passed

    @property
    def bytes_read(self) -> int:
        """Bytes of the input that the data taken so far came from."""
        return self._taken()

    def close(self) -> None:
        """Stop reading."""

    def _hand_on(self, listed: tuple[int, int]) -> None:
        """Hand on what was recorded below, up to `listed` losses and notes."""
        if listed != self._handed:
            self._records.losses += self._below.losses[self._handed[0] : listed[0]]
            self._records.notes += self._below.notes[self._handed[1] : listed[1]]
            self._handed = listed
