"""Undo compression by content, never by name; hand on everything before damage and record what was lost.

Formats: gzip (RFC 1952), zstd (RFC 8878), xz (the .xz file format 1.2.1), bzip2. Each may hold several members,
frames or streams after one another, and a bundle may be compressed twice.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from analyzer.source.stream.input import HEAD, Input, Replay, Stream
from analyzer.source.stream.zstd import ZstdStream, is_zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.limits import Limits
    from analyzer.source.reading_log import ReadingLog

try:
    from isal import igzip_lib, isal_zlib

    crc32 = isal_zlib.crc32
    INFLATE_ERROR = cast("type[Exception]", igzip_lib.IsalError)
except ImportError:  # no wheel for this platform
    igzip_lib = None  # type: ignore[assignment]
    crc32 = zlib.crc32
    INFLATE_ERROR = zlib.error

STEP = 128 << 10
LONG_STEP = 1 << 20
"""Most bytes taken from a decoder at once; half as many are given to it."""
HEADER = 64 << 10
"""Bytes looked at for the header of one member."""
DEPTH = 2
ZEROS = bytes(4 << 10)

DECODE_ERRORS = (ValueError, OSError, EOFError, lzma.LZMAError, zlib.error, INFLATE_ERROR)

GZIP = b"\x1f\x8b\x08"
XZ = b"\xfd7zXZ\x00"
BZIP2 = b"BZh"
BZIP2_MARKS = (b"1AY&SY", b"\x17rE8P\x90")


class Decoder(Protocol):
    """One compressed member; the shape of `bz2.BZ2Decompressor`."""

    @property
    def eof(self) -> bool:
        """Tell whether the member is complete."""

    @property
    def needs_input(self) -> bool:
        """Tell whether the next call wants more compressed bytes."""

    @property
    def unused_data(self) -> bytes:
        """Return the bytes after the member."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return up to `max_length` more bytes."""


class Inflate:
    """Raw deflate through the standard library, in the shape of `Decoder`."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(-15)

    @property
    def eof(self) -> bool:
        """Tell whether the member is complete."""
        return self._decoder.eof

    @property
    def needs_input(self) -> bool:
        """Tell whether the next call wants more compressed bytes."""
        return not self._decoder.unconsumed_tail and not self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        """Return the bytes after the member."""
        return self._decoder.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return up to `max_length` more bytes."""
        return self._decoder.decompress(self._decoder.unconsumed_tail + data, max(max_length, 0))


class Format(NamedTuple):
    """How one compression is told and undone.

    Attributes:
        name: as in `MemberSource.format`.
        magic: whether the bytes start a member of it.
        decoder: makes a decoder for one member, given the limits.
        header: length of the framing before the decoder's data, 0 when it takes all; raises ValueError.
        trailer: length of the framing after it.
    """

    name: str
    magic: Callable[[bytes], bool]
    decoder: Callable[[Limits], Decoder]
    header: Callable[[bytes], int]
    trailer: int


def gzip_header(data: bytes) -> int:
    """Return the length of a gzip member's header (RFC 1952 section 2.3).

    Raises:
        ValueError: no gzip header, or one that is longer than `data`.
    """
    if not is_gzip(data) or len(data) < 10:
        raise ValueError("no gzip header")
    flags, pos = data[3], 10
    if flags & 4:
        pos += 2 + int.from_bytes(data[pos : pos + 2], "little")
    for flag in (8, 16):
        if flags & flag:
            pos = data.index(b"\0", pos) + 1
    pos += flags & 2
    if pos > len(data):
        raise ValueError("gzip header longer than what is left")
    return pos


def is_gzip(head: bytes) -> bool:
    """Tell gzip with deflate and no reserved flag."""
    return head[:3] == GZIP and (len(head) < 4 or head[3] < 0x20)


def is_xz(head: bytes) -> bool:
    """Tell xz."""
    return head[:6] == XZ


def is_bzip2(head: bytes) -> bool:
    """Tell bzip2 by its first block's (or its end's) mark, since the magic alone is three letters."""
    return head[:3] == BZIP2 and head[3:4].isdigit() and head[4:10] in BZIP2_MARKS


def _inflate(_limits: Limits) -> Decoder:
    return Inflate() if igzip_lib is None else igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_DEFLATE)


def _unxz(limits: Limits) -> Decoder:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, limits.xz_memory)


def _whole(_head: bytes) -> int:
    return 0


FORMATS = (
    Format("gzip", is_gzip, _inflate, gzip_header, 8),
    Format("xz", is_xz, _unxz, _whole, 0),
    Format("bzip2", is_bzip2, lambda _limits: bz2.BZ2Decompressor(), _whole, 0),
)


def detect(head: bytes) -> str:
    """Return the name of the compression that `head` starts with, or "" for none."""
    if is_zstd(head):
        return "zstd"
    return next((form.name for form in FORMATS if form.magic(head)), "")


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

    Zeros do not count for the ratio: an honest store holds disks and databases of many gigabytes that are next to
    nothing else, and they compress a thousand times and more.
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
        if self._filled > limits.expansion_ratio * max(self._source.bytes_read, 1):
            return self._stop(f"limit expansion_ratio={limits.expansion_ratio} exceeded")
        return limits.total_bytes - out

    def _stop(self, what: str) -> int:
        if not self._stopped:
            self._stopped = True
            self._records.loss(f"{what}: the rest is not read", self.bytes_out)
        return 0


def _pieces(view: memoryview) -> Iterator[bytes]:
    return (bytes(view[start : start + len(ZEROS)]) for start in range(0, len(view), len(ZEROS)))


def decompress(source: Input, limits: Limits, records: ReadingLog) -> tuple[str, bytes, Bounded]:
    """Return (compression names outermost first joined by "+", first content bytes, content) of a bundle."""
    names: list[str] = []
    head = source.peek()
    stream: Stream = source
    replay = partial(Replay, source) if source.random_access else None
    while (name := detect(head)) and len(names) < DEPTH:
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
