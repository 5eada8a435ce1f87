"""Compressions with one decoder a member, told by content: gzip (RFC 1952), xz (the .xz file format 1.2.1), bzip2."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import NamedTuple, Protocol, cast

from analyzer.limits import Limits
from analyzer.source.stream.zstd import is_zstd

try:
    from isal import igzip_lib, isal_zlib

    crc32 = isal_zlib.crc32
    INFLATE_ERROR = cast("type[Exception]", igzip_lib.IsalError)
except ImportError:  # no wheel for this platform
    igzip_lib = None  # type: ignore[assignment]
    crc32 = zlib.crc32
    INFLATE_ERROR = zlib.error

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
