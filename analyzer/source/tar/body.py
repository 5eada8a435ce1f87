"""Content of one tar member, read from the window on demand; two objects serve a whole archive."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.limits import Limits
from analyzer.source.holes import Map, filled, too_sparse
from analyzer.source.reading_log import ReadingLog
from analyzer.source.stream.window import Window


class TarBody:
    """Content of the member just yielded, stored as it is.

    Attributes:
        size: bytes the content has; 0 for a member whose stored bytes are not its content.
        left: stored bytes not yet taken from the window.
    """

    __slots__ = ("_window", "left", "size")

    def __init__(self, window: Window) -> None:
        self._window = window
        self.left = 0
        self.size = 0

    @property
    def complete(self) -> bool:
        """Tell, after reading, whether all `size` bytes were there."""
        return self.left == 0 or self.size == 0

    def read(self, limit: int) -> bytes | None:
        """Return the whole content, or None when it is longer than `limit`."""
        size = self.size
        if size > limit:
            return None
        window = self._window
        pos = window.pos
        if 0 < self.left == size <= window.end - pos:
            window.pos = pos + size
            self.left = 0
            return bytes(window.view[pos : pos + size])
        return b"".join(map(bytes, self.chunks()))

    def chunks(self) -> Iterator[memoryview]:
        """Yield the whole content in order."""
        if self.size:
            yield from self._take(self.left)

    def pieces(self) -> Iterator[memoryview | int]:
        """Yield the whole content in order, each hole as its length."""
        return self.chunks()

    def _take(self, count: int) -> Iterator[memoryview]:
        window = self._window
        while count:
            have = min(count, window.fill(1))
            if not have:
                return
            pos = window.pos
            window.pos = pos + have
            self.left -= have
            count -= have
            yield window.view[pos : pos + have]


class SparseBody(TarBody):
    """Content of a file with holes, which come out as zeros.

    Attributes:
        path: the member, for messages.
        map: where the stored pieces belong; None when that could not be read, and the content with it.
    """

    __slots__ = ("_given", "_limits", "_records", "map", "path")

    def __init__(self, window: Window, limits: Limits, records: ReadingLog) -> None:
        super().__init__(window)
        self._limits = limits
        self._records = records
        self._given = 0
        self.path = ""
        self.map: Map | None = None

    def start(self, path: str, size: int, left: int, entries: Map | None) -> None:
        """Become the content of the next member with holes."""
        self.path = path
        self.size = size
        self.left = left
        self.map = entries
        self._given = 0

    @property
    def complete(self) -> bool:
        """Tell, after reading, whether all `size` bytes were there."""
        return self.map is not None and self._given == self.size

    def read(self, limit: int) -> bytes | None:
        """Return the whole content, or None when it is longer than `limit`."""
        return None if self.size > limit else b"".join(map(bytes, self.chunks()))

    def chunks(self) -> Iterator[memoryview]:
        """Yield the whole content in order; a file that is next to nothing but holes is not read so."""
        if self.map is None:
            return
        if message := too_sparse(self.size, self.left, self._limits):
            self._records.loss(message, self._window.offset, self.path)
            return
        yield from filled(self.pieces())

    def pieces(self) -> Iterator[memoryview | int]:
        """Yield the whole content in order, each hole as its length."""
        for piece in self._pieces(self.map) if self.map is not None else ():
            self._given += piece if isinstance(piece, int) else len(piece)
            yield piece

    def _pieces(self, entries: Map) -> Iterator[memoryview | int]:
        at = 0
        for start, length in entries:
            if start > at:
                yield start - at
            at = start
            for piece in self._take(length):
                at += len(piece)
                yield piece
            if at < start + length:
                return
        if self.size > at:
            yield self.size - at
