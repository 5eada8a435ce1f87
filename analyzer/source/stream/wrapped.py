"""Archives that are no tar, and parts of one, read as the tar that they stand for.

A zip, 7-Zip or cpio archive is turned into a tar while it is read: the reader of tars alone defines what a member is.
An archive of one archive is that archive. Parts of a split file (`x.001`, `x.aa`) are read one after the other. Nothing
is unpacked to a disk.
"""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

from analyzer.source.stream.cpio import MAGICS as CPIO
from analyzer.source.stream.cpio import cpio, is_cpio
from analyzer.source.stream.zipped import MAGIC as ZIP
from analyzer.source.stream.zipped import zipped
from analyzer.source.tar.header import Sums, checksum_ok

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from analyzer.limits import Limits
    from analyzer.source.reading_log import ReadingLog

SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c"
PIECE = 1 << 20
HEAD = 64 << 10
MAGIC_AT = 257
COMPRESSED = (b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00")
PRINTABLE = bytes(range(32, 127)) + b"\t\n\r\x1b"
PARTS = (re.compile(r"^(.*\.)(0*[01])$"), re.compile(r"^(.*[._-])(a+)$"))
MOST_PARTS = 10_000
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


class Made(io.RawIOBase):
    """Bytes that a generator makes, as a file that can only be read in order."""

    def __init__(self, pieces: Iterator[bytes | memoryview], inner: BinaryIO | None = None) -> None:
        super().__init__()
        self._pieces, self._inner = pieces, inner
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        """Fill a part of `view`; 0 at the end."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        got = min(len(view), len(self._left))
        view[:got] = self._left[:got]
        self._left = self._left[got:]
        return got

    def close(self) -> None:
        """Close what the bytes are made from."""
        if self._inner is not None:
            self._inner.close()
        super().close()


def made(pieces: Iterator[bytes | memoryview], inner: BinaryIO | None = None) -> BinaryIO:
    """Return what a generator makes, as a file."""
    return cast("BinaryIO", Made(pieces, inner))


def unwrapped(handle: BinaryIO, name: str, limits: Limits, records: ReadingLog) -> tuple[str, BinaryIO]:
    """Return (`zip`, `7z`, `cpio`, `parts`, or `""`, what to read as a tar) for an opened regular file.

    Raises:
        UnreadableError: a wrapper that cannot be opened; says why.
    """
    if (parts := parts_of(name)) and len(parts) > 1:
        handle.close()
        records.note(f"read together: {len(parts)} parts, the last is {Path(parts[-1]).name}", 0)
        return "parts", made(_joined(parts, records))
    start = handle.tell()
    head = handle.read(6) or b""
    handle.seek(start)
    if head.startswith(ZIP):
        return "zip", made(zipped(handle, name, limits, records), handle)
    if head == SEVEN_ZIP:
        from analyzer.source.stream.seven_zip import seven_zip  # noqa: PLC0415  an extra

        return "7z", made(seven_zip(handle, name, limits, records), handle)
    if head in CPIO and is_cpio(handle, limits):
        return "cpio", made(cpio(handle, limits, records), handle)
    if before := text_before(handle.read(HEAD)):
        records.note(f"{before} bytes of text before the archive were passed over", 0)
    handle.seek(start + before)
    return "", handle


def text_before(head: bytes) -> int:
    """Return how many bytes of text stand before an archive, 0 for none: a tool printed them into the same pipe."""
    found = [head.find(magic) for magic in COMPRESSED]
    mark = head.find(b"ustar") - MAGIC_AT
    if mark > 0 and checksum_ok(memoryview(head)[mark : mark + tarfile.BLOCKSIZE], Sums()):
        found.append(mark)
    first = min((place for place in found if place > 0), default=0)
    text = head[:first]
    return first if text.endswith(b"\n") and not text.translate(None, PRINTABLE) else 0


def parts_of(name: str) -> list[str]:
    """Return the parts of a split file in order, when `name` is the first of them; the rest are looked up beside it."""
    for pattern, following in zip(PARTS, (_next_number, _next_letters), strict=True):
        match = pattern.match(name)
        if match is None:
            continue
        found, mark = [name], match.group(2)
        while len(found) < MOST_PARTS and (mark := following(mark)) and Path(match.group(1) + mark).is_file():
            found.append(match.group(1) + mark)
        if len(found) > 1:
            return found
    return []


def _next_number(mark: str) -> str:
    return str(int(mark) + 1).zfill(len(mark))


def _next_letters(mark: str) -> str:
    number = 0
    for letter in mark:
        number = number * 26 + ALPHABET.index(letter)
    number += 1
    letters = ""
    for _ in mark:
        number, rest = divmod(number, 26)
        letters = ALPHABET[rest] + letters
    return "" if number else letters


def _joined(parts: list[str], records: ReadingLog) -> Iterator[bytes | memoryview]:
    for path in parts:
        try:
            with Path(path).open("rb", buffering=0) as file:
                while piece := file.read(PIECE):
                    yield piece
        except OSError as error:
            records.loss(f"this part cannot be read ({error.strerror})", 0, path)
            return
