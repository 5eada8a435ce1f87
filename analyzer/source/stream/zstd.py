"""Undo zstd frame by frame (RFC 8878): the frame's own block lengths tell a cut from an end.

The decoder is fed one block at a time, so that damage in a block costs that block and not its neighbours, and a
wrong content checksum costs nothing but trust.
"""

from __future__ import annotations

from collections.abc import Callable

import zstandard

from analyzer.limits import Limits
from analyzer.source.reading_log import ReadingLog
from analyzer.source.stream.input import Stream

MAGIC = b"\x28\xb5\x2f\xfd"
BLOCK = 128 << 10
"""Largest block, and most bytes taken from the decoder at once."""
FEED = 2 << 20
"""Compressed bytes held, and given to a quick decoder at once."""

_DICTIONARY_ID = (0, 1, 2, 4)
_CONTENT_SIZE = (0, 2, 4, 8)


def is_skippable(head: bytes) -> bool:
    """Tell the magic of a skippable frame (0x184D2A50 to 0x184D2A5F, shared with LZ4)."""
    return head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50


def is_zstd(head: bytes) -> bool:
    """Tell zstd, also behind skippable frames as pzstd writes them."""
    pos = 0
    while is_skippable(head[pos : pos + 4]) and len(head) >= pos + 8:
        pos += 8 + int.from_bytes(head[pos + 4 : pos + 8], "little")
    return head[pos : pos + 4] == MAGIC


class Damaged(Exception):  # noqa: N818 - ends a stream early
    """The frame cannot be read on; the message says why."""


class _Feed:
    """The compressed bytes, read ahead; the decoder and the stream share it, and it knows of neither.

    A frame that knew its stream would make a cycle that nothing can collect: the decoder between them is not Python's.
    """

    def __init__(self, source: Stream, start: int) -> None:
        self._source = source
        self._feed = memoryview(bytearray(FEED))
        self._pos = 0
        self._end = 0
        self._taken = start

    def run(self) -> tuple[bytes, bool]:
        """Take the whole blocks that are at hand; return them and whether the frame's last is among them."""
        feed, pos, end, last = self._feed, self._pos, self._end, False
        while pos + 3 <= end and not last:
            bits = feed[pos] | feed[pos + 1] << 8 | feed[pos + 2] << 16
            kind, size = bits >> 1 & 3, bits >> 3
            if kind == 3 or (size > BLOCK and kind != 1):
                break
            after = pos + 3 + (1 if kind == 1 else size)
            if after > end:
                break
            pos, last = after, bool(bits & 1)
        piece = bytes(feed[self._pos : pos])
        self._pos = pos
        return piece, last

    def take(self, count: int) -> bytes:
        """Return the next `count` compressed bytes, fewer at the end of the input."""
        while self._end - self._pos < count:
            have = self._end - self._pos
            self._feed[:have] = bytes(self._feed[self._pos : self._end])
            self._pos, self._end = 0, have
            got = self._source.readinto(self._feed[have:])
            if not got:
                break
            self._taken += got
            self._end += got
        piece = bytes(self._feed[self._pos : min(self._pos + count, self._end)])
        self._pos += len(piece)
        return piece

    @property
    def offset(self) -> int:
        """Return how many bytes have been given out, and those before the first."""
        return self._taken - (self._end - self._pos)

    @property
    def taken(self) -> int:
        """Return how many bytes have been read, and those before the first."""
        return self._taken


class _Frame:
    """One frame's compressed bytes in pieces: header, each block, checksum; the decoder reads from it."""

    def __init__(self, feed: _Feed, header: bytes, *, checksum: bool, quick: bool) -> None:
        self._feed = feed
        self._quick = quick
        self._header = header
        self._checksum = checksum
        self._last = False
        self.complete = False
        self.at_checksum = False

    def read(self, _count: int) -> bytes:
        """Return the next piece, b"" at the end of the frame or of the input."""
        if self._header:
            piece, self._header = self._header, b""
            return piece
        if self.complete:
            return b""
        if self._last:
            return self._finish()
        if self._quick:
            piece, self._last = self._feed.run()
            if piece:
                self.complete = self._last and not self._checksum
                return piece
        head = self._feed.take(3)
        bits = int.from_bytes(head, "little")
        kind, size = bits >> 1 & 3, bits >> 3
        if len(head) < 3 or kind == 3 or (size > BLOCK and kind != 1):
            return head
        content = self._feed.take(1 if kind == 1 else size)
        self._last = bool(bits & 1) and len(content) == (1 if kind == 1 else size)
        if self._last and not self._checksum:
            self.complete = True
        return head + content

    def _finish(self) -> bytes:
        self.at_checksum = True
        piece = self._feed.take(4)
        self.complete = len(piece) == 4
        return piece


class ZstdStream:
    """The bytes inside a zstd stream of any number of frames.

    A decoder that fails loses what the failing call had decoded. Where the input can be read again, it is quick: it
    gets many blocks a call, and a frame that fails is decoded again with care. Care means one block a call.

    Attributes:
        quick: whether many blocks are given to the decoder at once.
    """

    def __init__(
        self,
        source: Stream,
        limits: Limits,
        records: ReadingLog,
        replay: Callable[[int], Stream] | None = None,
        start: int = 0,
    ) -> None:
        """Undo `source`, whose first byte is at offset `start`; `replay` gives it again from an offset."""
        self.quick = replay is not None
        self._limits = limits
        self._records = records
        self._replay = replay
        self._again: ZstdStream | None = None
        self._feed = _Feed(source, start)
        self._room = memoryview(bytearray(0 if self.quick else BLOCK))
        self._held = self._room[:0]
        self._frame: _Frame | None = None
        self._frame_start = start
        self._given = 0  # bytes of this frame handed on
        self._reader: zstandard.ZstdDecompressionReader | None = None
        self._over = False

    def readinto(self, view: memoryview) -> int:
        """Fill a part of `view`; 0 at the end."""
        while not self._over:
            if self._again is not None:
                return self._again.readinto(view)
            start = self._feed.offset
            try:
                if self._reader is None and not self._open():
                    break
                assert self._reader is not None
                got = self._reader.readinto(view) if self.quick else self._block(self._reader, view)
                self._given += got
                if got:
                    return got
                self._close_frame()
            except zstandard.ZstdError as error:
                self._fail(str(error).removeprefix("zstd decompress error: "), start)
            except Damaged as damage:
                self._lose(str(damage), start)
        self._over = True
        return 0

    def _block(self, reader: zstandard.ZstdDecompressionReader, view: memoryview) -> int:
        """Give out decoded bytes of one block; there is always room for a whole one to be decoded."""
        if not self._held:
            got = reader.readinto1(self._room)
            self._held = self._room[:got]
        got = min(len(view), len(self._held))
        view[:got] = self._held[:got]
        self._held = self._held[got:]
        return got

    def skip(self, count: int) -> int:
        """Return 0: nothing can be passed over unread."""
        return count * 0

    def _open(self) -> bool:
        """Start the next frame with content; tell whether there is one."""
        while True:
            start = self._feed.offset
            magic = self._feed.take(4)
            if is_skippable(magic):
                self._skip_frame()
                continue
            if magic != MAGIC:
                self._trailing(magic, start)
                return False
            self._frame = self._header(magic)
            self._frame_start, self._given = start, 0
            decoder = zstandard.ZstdDecompressor(max_window_size=self._limits.zstd_window)
            self._reader = decoder.stream_reader(self._frame)  # type: ignore[arg-type]
            return True

    def _skip_frame(self) -> None:
        left = int.from_bytes(self._feed.take(4), "little")
        while left:
            piece = len(self._feed.take(min(left, FEED)))
            if not piece:
                raise Damaged("cut: the stream ends inside a skippable frame")
            left -= piece

    def _header(self, magic: bytes) -> _Frame:
        """Read a frame header; refuse a window above the limit before any memory is taken for it."""
        first = self._feed.take(1) or b"\0"
        flags = first[0]
        single = bool(flags & 0x20)
        window = b"" if single else self._feed.take(1)
        dictionary = self._feed.take(_DICTIONARY_ID[flags & 3])
        content = self._feed.take(_CONTENT_SIZE[flags >> 6] or int(single))
        size = int.from_bytes(content, "little") + 256 * (len(content) == 2)
        if window:
            base = 1 << (10 + (window[0] >> 3))
            size = base + base // 8 * (window[0] & 7)
        if (window or single) and size > self._limits.zstd_window:
            raise Damaged(f"window of {size} bytes exceeds limit zstd_window={self._limits.zstd_window}")
        header = magic + first + window + dictionary + content
        return _Frame(self._feed, header, checksum=bool(flags & 4), quick=self.quick)

    def _close_frame(self) -> None:
        assert self._frame is not None
        if not self._frame.complete:
            self._lose("cut: the stream ends inside a frame", self._feed.taken)
            return
        self._frame = self._reader = None

    def _fail(self, what: str, start: int) -> None:
        """Decode the frame again with care, or record damage.

        A wrong checksum lets the next frame follow, since all content was handed on.
        """
        if self._replay is not None:
            self._start_again(self._replay)
            return
        frame = self._frame
        if frame is not None and frame.complete and frame.at_checksum:
            what = "checksum mismatch: everything in this frame is suspect"
            self._records.loss(f"zstd: {what}", start)
            self._frame = self._reader = None
            return
        self._lose(f"damaged: {what}", start)

    def _start_again(self, replay: Callable[[int], Stream]) -> None:
        again = ZstdStream(replay(self._frame_start), self._limits, self._records, start=self._frame_start)
        scratch = memoryview(bytearray(BLOCK))
        left = self._given
        while left and (got := again.readinto(scratch[: min(left, BLOCK)])):
            left -= got
        self._again = again

    def _lose(self, what: str, start: int) -> None:
        self._records.loss(f"zstd: {what}", start)
        self._over = True

    def _trailing(self, first: bytes, start: int) -> None:
        count, content, piece = 0, False, first
        while piece:
            count += len(piece)
            content = content or any(piece.strip(b"\0"))
            piece = self._feed.take(FEED)
        if content:
            what = f"{count} bytes after the end of the zstd data are ignored"
            self._records.note(what, start)
