"""Open what the user gave as a stream of members, or say in one line why that cannot be done."""

from __future__ import annotations

import os
import stat
import sys
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import UnreadableError
from analyzer.limits import DEFAULT, Limits
from analyzer.source.directory import DirectorySource, open_quietly
from analyzer.source.reading_log import ReadingLog
from analyzer.source.stream.compression import decompress
from analyzer.source.stream.input import HEAD, Input
from analyzer.source.stream.magic import AS_TEXT, refusal, sent_as_text
from analyzer.source.stream.read_ahead import AheadWindow
from analyzer.source.stream.window import Window
from analyzer.source.stream.wrapped import made, unwrapped
from analyzer.source.tar.reader import REFILL, TarReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from analyzer.source.member import Loss, Member
    from analyzer.source.member_source import MemberSource
    from analyzer.source.tar.batch import MemberBatch
    from analyzer.source.tar.body import TarBody
    from analyzer.source.tar.scan import Scanner

INSIDE = "!/"
"""Between a bundle and the archive in it that is meant."""
SEARCHED = 16 << 20
"""Bytes of a file with an unknown beginning that are searched for a tar header before it is refused."""
LONG = 16 << 20
"""Size of an input from which a thread reads ahead."""


class TarSource:
    """A tar, plain or compressed, as a `MemberSource`."""

    def __init__(self, source: Input, limits: Limits, records: ReadingLog) -> None:
        below = ReadingLog(source.name)
        self._as_text = sent_as_text(source.peek())
        names, head, stream = decompress(source, limits, below)
        if message := refusal(
            head, names, _further(source, packed=bool(names)), "; ".join(loss.what for loss in below.losses)
        ):
            source.close()
            raise UnreadableError(f"{message}; {AS_TEXT}" if self._as_text else message, where=source.name)
        self.path = source.name
        self.format = f"tar+{names}" if names else "tar"
        self.losses: list[Loss] = records.losses
        self.notes: list[Loss] = records.notes
        self.sha256: str | None = None
        self.again: Callable[[], MemberSource] | None = None
        self._source, self._stream = source, stream
        self._limits, self._below, self._records = limits, below, records
        self._packed = bool(names)
        self._take: Callable[[MemberBatch], int] | None = None
        self._contents = False

    @cached_property
    def _window(self) -> Window:
        """Return what the stream is read through."""
        source = self._source  # a window that knew all of this would be freed only with a collection of cycles
        long = source.random_access and source.size is not None and source.size >= LONG
        by_offset = self._take is not None and self._place is not None
        kind = AheadWindow if long and not by_offset else Window  # a thread reads ahead where that pays
        largest = self._limits.extended_header + REFILL
        return kind(self._stream, largest, lambda: source.bytes_read, self._below, self._records)

    @cached_property
    def _reader(self) -> TarReader:
        window, limits, take, place, contents = self._window, self._limits, self._take, self._place, self._contents
        if take is None:
            return TarReader(window, limits, self._records)

        def scanner() -> Scanner:
            from analyzer.source.tar.scan import Scanner  # noqa: PLC0415  numpy is not for every bundle

            return Scanner(window, limits, take, place, contents=contents)

        return TarReader(window, limits, self._records, scanner)

    @property
    def members(self) -> int:
        """Members yielded so far."""
        return self._reader.members

    @property
    def bytes_read(self) -> int:
        """Bytes of the input as it lies read so far."""
        return self._window.bytes_read

    @property
    def bytes_total(self) -> int | None:
        """Size of the input, None for a pipe."""
        return self._source.size

    @property
    def bytes_out(self) -> int:
        """Decompressed bytes so far."""
        return self._window.base + self._window.end

    def __iter__(self) -> Iterator[tuple[Member, TarBody]]:
        """Yield every member once, in stream order; digest the whole input at the end when asked to."""
        try:
            yield from self._reader
        finally:
            self._end()
        if self._as_text and self.losses:
            self._records.loss(AS_TEXT, 0)
            self.losses.insert(0, self.losses.pop())
        self.sha256 = self._source.finish()

    def offer(self, take: Callable[[MemberBatch], int], *, contents: bool) -> None:
        """Offer members many at a time, as `MemberSource` says."""
        self._take, self._contents = take, contents

    @property
    def _place(self) -> tuple[int, int, int] | None:
        """Return descriptor, first byte and length of a plain file, None for any other stream."""
        return None if self._packed else self._source.place

    def close(self) -> None:
        """Release the input."""
        self._end()
        self._source.close()

    def _end(self) -> None:
        """Stop the thread and the processes that read ahead."""
        self._reader.close()
        self._window.close()


def _further(source: Input, *, packed: bool) -> Iterator[bytes]:
    """Yield what follows the head of a plain file, up to `SEARCHED` bytes."""
    if packed or not source.random_access:
        return
    for offset in range(HEAD, SEARCHED, HEAD):
        piece = source.pread(HEAD, offset)
        if not piece:
            return
        yield piece


def open_bundle(
    path: str | os.PathLike[str],
    *,
    limits: Limits = DEFAULT,
    hash_input: bool = False,
    stdin: BinaryIO | None = None,
) -> MemberSource:
    """Open a bundle: a tar (plain, gzip, zstd, xz, bzip2), a directory, or `-` for a tar on standard input.

    A zip or cpio archive is read as the tar it stands for, and so are the parts of a split file from the first one.

    Args:
        path: the bundle; a symlink to it is followed. `OUTER!/MEMBER` is an archive inside another bundle.
        limits: bounds on what is read.
        hash_input: whether to digest the whole file (not a directory) with SHA-256 while reading.
        stdin: the stream that `-` means, the process's own by default.

    Raises:
        UnreadableError: missing, unreadable, empty, or something else than a tar or directory; says what it is.
    """
    name = os.fspath(path)
    records = ReadingLog(name)
    if name == "-":
        return TarSource(Input(stdin or sys.stdin.buffer, name, records, hashed=hash_input), limits, records)
    if INSIDE in name and not os.path.lexists(name):
        outer, _, member = name.rpartition(INSIDE)
        return _inside(outer, member, limits, records)
    handle = _open(name)
    source: DirectorySource | TarSource
    if handle is None:
        source = DirectorySource(name, limits, records)
        source.again = partial(open_bundle, path, limits=limits)
        return source
    if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
        return TarSource(Input(handle, name, records, hashed=hash_input), limits, records)
    wrapper, stream = unwrapped(handle, name, limits, records)
    source = TarSource(Input(stream, name, records, hashed=hash_input), limits, records)
    if wrapper:
        source.format = wrapper if source.format == "tar" else f"{wrapper}:{source.format}"
    source.again = partial(open_bundle, path, limits=limits)
    return source


def _inside(outer: str, member: str, limits: Limits, records: ReadingLog) -> TarSource:
    """Open an archive that is a member of another bundle."""
    holder = open_bundle(outer, limits=limits)
    name = f"{outer}{INSIDE}{member}"

    def pieces() -> Iterator[bytes | memoryview]:
        try:
            for found, body in holder:
                if found.path == member:
                    yield from body.chunks()
                    return
            raise UnreadableError("there is no such member", where=name)
        finally:
            records.losses.extend(holder.losses)
            holder.close()

    source = TarSource(Input(made(pieces()), name, records), limits, records)
    source.format = f"{holder.format}:{source.format}"
    source.again = partial(open_bundle, name, limits=limits)
    return source


def _open(name: str) -> BinaryIO | None:
    """Open a regular file, or a FIFO or device the user named; None for a directory."""
    try:
        if stat.S_ISDIR(Path(name).stat().st_mode):
            return None
        return open(name, "rb", buffering=0, opener=open_quietly)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(f"cannot be opened ({reason}); expected a tar or a directory", where=name) from error
