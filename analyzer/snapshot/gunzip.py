"""Decompress a small gzip file held in memory, bounded, and tell how it is damaged in the engine's terms."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from isal import isal_zlib

from analyzer.limits import Limits, reached

CHUNK, WHOLE = 1 << 20, 4 << 20
SHORT = 512 << 10
"""Bytes of a file that is given in pieces of `WHOLE`: most tar-splits are one, and each piece costs a look of its own.

Pieces of a long file are of `CHUNK`, for what is made of one takes many times its memory.
"""
FEED = 256 << 10
MEMBERS = 1_000
ISAL_ERROR: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # the stubs give an instance
MAGIC = b"\x1f\x8b"
GZIP_WINDOW = 31


class GzipDamageError(Exception):
    """The stream breaks; `kind` is `not-gzip`, `cut`, `damaged-gzip` or `trailing-bytes`."""

    def __init__(self, kind: str, expected: str, observed: str) -> None:
        super().__init__(observed)
        self.kind = kind
        self.expected = expected
        self.observed = observed


class LimitError(Exception):
    """Reading stopped at a limit; says which."""


def gunzip(data: bytes, limits: Limits) -> Iterator[bytes]:
    """Yield the decompressed bytes in pieces, all members of the file after one another.

    Raises:
        GzipDamageError: after the last piece that could be read.
        LimitError: the output is larger than a real file's.
    """
    name = "tar_split_text" if limits.tar_split_text < limits.total_bytes else "total_bytes"
    largest = getattr(limits, name)
    view = memoryview(data)
    given, at, end, members = 0, 0, len(data), 0
    most = WHOLE if end <= SHORT else CHUNK
    while at < end:
        members += 1
        if members > MEMBERS:
            raise LimitError(f"more than {MEMBERS} gzip members")
        if data[at : at + 2] != MAGIC:
            _refuse(data, at)
        stream = isal_zlib.decompressobj(GZIP_WINDOW)
        while not stream.eof:
            rest: memoryview | bytes = view[at : at + FEED]
            at += len(rest)
            more = True
            while more and not stream.eof:
                try:
                    piece = stream.decompress(rest, most)
                except (ISAL_ERROR, zlib.error) as error:
                    raise GzipDamageError("damaged-gzip", "an intact gzip stream", f"{error}") from error
                rest = stream.unconsumed_tail
                more = bool(piece or rest)
                if piece:
                    given += len(piece)
                    if given > largest:
                        raise LimitError(f"more than {largest} bytes decompressed: {reached(name, largest)}")
                    yield piece
            if at == end and not stream.eof:
                raise GzipDamageError("cut", "the end of the gzip stream", f"it ends after {end} bytes")
        at -= len(stream.unused_data)


def _refuse(data: bytes, at: int) -> None:
    if at == 0:
        raise GzipDamageError("not-gzip", "the gzip mark 1f 8b", data[:2].hex(" "))
    what = "NUL bytes" if not data[at:].strip(b"\0") else "bytes"
    raise GzipDamageError("trailing-bytes", "nothing after the gzip stream", f"{len(data) - at} {what}")
