"""One reusable buffer that slides over a stream, so that reading costs no fresh memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.source.input import Stream

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

    __slots__ = ("_stream", "base", "buffer", "end", "pos", "view")

    def __init__(self, stream: Stream, largest: int) -> None:
        """Slide over `stream`; `largest` bounds what `fill` is asked for."""
        self._stream = stream
        self.buffer = bytearray(max(SIZE, largest))
        self.view = memoryview(self.buffer)
        self.pos = 0
        self.end = 0
        self.base = 0

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

    def close(self) -> None:
        """Stop reading."""
