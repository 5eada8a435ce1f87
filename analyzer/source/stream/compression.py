"""Undo compression by content, never by name; hand on everything before damage and record what was lost.

Formats: gzip (RFC 1952), zstd (RFC 8878), xz (the .xz file format 1.2.1), bzip2. Each may hold several members,
frames or streams after one another, and a bundle may be compressed twice.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import partial

from analyzer.limits import Limits
from analyzer.source.reading_log import ReadingLog
from analyzer.source.stream.bounded import Bounded, Peeked
from analyzer.source.stream.formats import DECODE_ERRORS, FORMATS, Format, crc32, detect
from analyzer.source.stream.input import Input, Replay, Stream
from analyzer.source.stream.magic import has_header
from analyzer.source.stream.zstd import ZstdStream
from analyzer.source.tar.header import BLOCK

STEP = 128 << 10
LONG_STEP = 1 << 20
"""Most bytes taken from a decoder at once; half as many are given to it."""
HEADER = 64 << 10
"""Bytes looked at for the header of one member."""
DEPTH = 2


class StreamDamage(Exception):  # noqa: N818 - ends a stream early, with what is known of the place
    """The compressed data breaks its format at `offset`."""

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(what)
        self.offset = offset


class Decompressed:
    """The bytes inside a gzip, xz or bzip2 stream.

    A decoder that fails loses what the failing call had decoded. Where the input can be read again, long calls are
    made, and a failed one is made again byte by byte; elsewhere calls are short.
    """

    def __init__(
        self, source: Stream, form: Format, limits: Limits, records: ReadingLog, replay: Callable[[int], Stream] | None
    ) -> None:
        self._source = source
        self._form = form
        self._limits = limits
        self._records = records
        self._replay = replay
        self._step = LONG_STEP if replay else STEP
        self._feed = memoryview(bytearray(self._step // 2))
        self._ahead = b""
        self._taken = 0  # compressed bytes taken from the source
        self._parts = self._decode()
        self._rest = memoryview(b"")

    def readinto(self, view: memoryview) -> int:
        """Fill a part of `view`; 0 at the end."""
        rest = self._rest
        if not rest:
            rest = memoryview(next(self._parts, b""))
        got = min(len(view), len(rest))
        view[:got] = rest[:got]
        self._rest = rest[got:]
        return got

    def skip(self, count: int) -> int:
        """Return 0: nothing can be passed over unread."""
        return count * 0

    def _more(self) -> bytes:
        got = self._source.readinto(self._feed)
        self._taken += got
        return bytes(self._feed[:got])

    def _fill(self, count: int) -> bytes:
        while len(self._ahead) < count and (more := self._more()):
            self._ahead += more
        return self._ahead

    @property
    def _offset(self) -> int:
        return self._taken - len(self._ahead)

    def _decode(self) -> Iterator[bytes]:
        """Yield the content of member after member."""
        form, start = self._form, 0
        try:
            while form.magic(self._fill(HEADER)):
                start = self._offset
                yield from self._member(start)
                if form.name == "xz":
                    self._padding()
        except StreamDamage as damage:
            self._records.loss(f"{form.name}: {damage}", damage.offset)
            return
        self._trailing()

    def _padding(self) -> None:
        """Pass over the zero bytes that may stand between xz streams."""
        while self._fill(16)[:4] == b"\0\0\0\0":
            self._ahead = self._ahead[4:]

    def _trailing(self) -> None:
        """Note what follows the last member; zeros are padding of a tape or device and not worth a word."""
        start, count, content = self._offset, 0, False
        piece = self._ahead
        while piece:
            count += len(piece)
            content = content or any(piece.strip(b"\0"))
            piece = self._more()
        self._ahead = b""
        if content:
            what = f"{count} bytes after the end of the {self._form.name} data are ignored"
            self._records.note(what, start)

    def _member(self, start: int) -> Iterator[bytes]:
        form = self._form
        try:
            self._ahead = self._ahead[form.header(self._ahead) :]
        except ValueError as error:
            raise StreamDamage(f"damaged or cut header ({error})", start) from error
        decoder = form.decoder(self._limits)
        length = crc = at = 0
        while not decoder.eof:
            data = b""
            if decoder.needs_input:
                at = self._offset
                data = self._ahead or self._more()
                self._ahead = b""
                if not data:
                    raise StreamDamage("cut: the stream ends before its end mark", self._taken)
            try:
                part = decoder.decompress(data, self._step)
            except DECODE_ERRORS as error:
                yield from self._rescue(start, at, length)
                raise StreamDamage(self._explain(error), at) from error
            length += len(part)
            if form.trailer:
                crc = crc32(part, crc)
            if part:
                yield part
        self._ahead = bytes(decoder.unused_data)
        if form.trailer:
            self._check(start, crc, length)

    def _rescue(self, start: int, at: int, known: int) -> Iterator[bytes]:
        """Decode a member again up to its damage and yield what comes after the first `known` bytes.

        Args:
            start: offset of the member.
            at: offset of the compressed piece that failed; it is fed byte by byte.
            known: bytes handed on before.
        """
        if self._replay is None:
            return
        source = self._replay(start)
        feed = memoryview(bytearray(STEP))
        pending = bytes(feed[: source.readinto(feed)])
        used = self._form.header(pending)
        pending, pos = pending[used:], start + used
        decoder = self._form.decoder(self._limits)
        length = 0
        while pending or (pending := bytes(feed[: source.readinto(feed)])):
            data = pending[: max(at - pos, 1)]
            pending, pos = pending[len(data) :], pos + len(data)
            while data or not decoder.needs_input:
                try:
                    part = decoder.decompress(data, STEP)
                except DECODE_ERRORS:
                    return
                data = b""
                fresh = min(length + len(part) - known, len(part))
                length += len(part)
                if fresh > 0:
                    yield part[-fresh:]

    def _explain(self, error: Exception) -> str:
        if "emory usage limit" in str(error):
            return f"needs more memory than limit xz_memory={self._limits.xz_memory} bytes"
        return f"damaged: {error}"

    def _check(self, start: int, crc: int, length: int) -> None:
        """Compare a gzip member's trailer: CRC-32 and length modulo 2**32 of its content."""
        trailer = self._fill(8)[:8]
        if len(trailer) < 8:
            raise StreamDamage("cut: the stream ends inside its checksum", self._taken)
        self._ahead = self._ahead[8:]
        if struct.unpack("<II", trailer) != (crc, length & 0xFFFFFFFF):
            what = "checksum mismatch: everything in this stream is suspect"
            self._records.loss(f"gzip: {what}", start)


def decompress(source: Input, limits: Limits, records: ReadingLog) -> tuple[str, bytes, Bounded]:
    """Return (compression names outermost first joined by "+", first content bytes, content) of a bundle."""
    names: list[str] = []
    head = source.peek()
    stream: Stream = source
    replay = partial(Replay, source) if source.random_access else None
    while len(names) < DEPTH and not has_header(head[:BLOCK]) and (name := detect(head)):
        names.append(name)
        if name == "zstd":
            stream = ZstdStream(stream, limits, records, replay)
        else:
            form = next(form for form in FORMATS if form.name == name)
            stream = Decompressed(stream, form, limits, records, replay)
        replay = None
        stream = Peeked(stream)
        head = stream.head
    return "+".join(names), head, Bounded(stream, source, limits, records)
