"""Content of one tar member, read from the window on demand; one object serves the whole archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.limits import Limits
    from analyzer.source.records import Records
    from analyzer.source.sparse import Map
    from analyzer.source.window import Window

ZEROS = memoryview(bytes(64 << 10))


class TarBody:
    """Content of the member just yielded.

    Attributes:
        given: content bytes handed out.
        left: stored bytes not yet taken from the window.
        size: bytes the content has, holes included.
        map: where the stored pieces belong, None for a file without holes.
        readable: False when the stored form is not understood (a damaged sparse map).
    """

    __slots__ = ("_limits", "_path", "_records", "_window", "given", "left", "map", "readable", "size")

    def __init__(self, window: Window, limits: Limits, records: Records) -> None:
        self._window = window
        self._limits = limits
        self._records = records
        self._path = ""
        self.given = 0
        self.left = 0
        self.size = 0
        self.map: Map | None = None
        self.readable = True

    def start(self, size: int, stored: int) -> None:
        """Become the content of the next member: a file without holes."""
        self.size = size
        self.left = stored
        self.given = 0
        self.map = None
        self.readable = True

    def start_sparse(self, path: str, entries: Map | None) -> None:
        """Add the map of a file with holes, or None when it could not be read; call it after `start`."""
        self._path = path
        self.map = entries
        self.readable = entries is not None

    @property
    def complete(self) -> bool:
        """Tell, after reading, whether all `size` bytes were there."""
        return self.readable and self.given == self.size

    def read(self, limit: int) -> bytes | None:
        """Return the whole content, or None when it is longer than `limit`."""
        size = self.size
        if size > limit:
            return None
        window = self._window
        pos = window.pos
        if self.map is None and self.readable and self.left == size <= window.end - pos:
            window.pos = pos + size
            self.left = 0
            self.given = size
            return bytes(window.view[pos : pos + size])
        return b"".join(map(bytes, self.chunks()))

    def chunks(self) -> Iterator[memoryview]:
        """Yield the whole content in order, holes as zeros."""
        if not self.readable:
            return
        pieces = self._take(self.left) if self.map is None else self._sparse(self.map)
        for piece in pieces:
            self.given += len(piece)
            yield piece

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

    def _sparse(self, entries: Map) -> Iterator[memoryview]:
        limits, offset = self._limits, self._window.offset
        if self.size > limits.expansion_floor and self.size > limits.expansion_ratio * max(self.left, 512):
            what = f"sparse file of {self.size} bytes exceeds limit expansion_ratio={limits.expansion_ratio}"
            self._records.loss(f"{what}: content not read", offset, self._path)
            return
        at = 0
        for start, length in entries:
            yield from _holes(start - at)
            at = start
            for piece in self._take(length):
                at += len(piece)
                yield piece
            if at < start + length:
                return
        yield from _holes(self.size - at)


def _holes(count: int) -> Iterator[memoryview]:
    while count > 0:
        piece = min(count, len(ZEROS))
        count -= piece
        yield ZEROS[:piece]
