"""A tar, plain or compressed, as a stream of members."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from analyzer.errors import UnreadableError
from analyzer.limits import Limits
from analyzer.source.member import Loss, Member
from analyzer.source.member_source import MemberSource
from analyzer.source.reading_log import ReadingLog
from analyzer.source.stream.compression import decompress
from analyzer.source.stream.input import HEAD, Input, Watch
from analyzer.source.stream.magic import AS_TEXT, refusal, sent_as_text
from analyzer.source.stream.read_ahead import AheadWindow
from analyzer.source.stream.window import Window
from analyzer.source.tar.body import TarBody
from analyzer.source.tar.pieces import Pieces
from analyzer.source.tar.reader import REFILL, TarReader

if TYPE_CHECKING:
    from analyzer.source.tar.batch import MemberBatch
    from analyzer.source.tar.scan import Scanner

SEARCHED = 16 << 20
"""Bytes of a file with an unknown beginning that are searched for a tar header before it is refused."""
LONG = 16 << 20
"""Size of an input from which a thread reads ahead."""


class TarSource:
    """A tar, plain or compressed, as a `MemberSource`."""

    def __init__(self, source: Input, limits: Limits, records: ReadingLog, watch: Watch | None = None) -> None:
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
        self._source, self._stream, self._watch = source, stream, watch
        self._limits, self._below, self._records = limits, below, records
        self._packed = bool(names)
        self._take: Callable[[MemberBatch], int] | None = None
        self._pieces: Pieces | None = None
        self._begun = False

    @cached_property
    def _window(self) -> Window:
        """Return what the stream is read through."""
        source = self._source  # a window that knew all of this would be freed only with a collection of cycles
        long = source.random_access and source.size is not None and source.size >= LONG
        kind = AheadWindow if long and self._pieces is None else Window  # a thread reads ahead where that pays
        largest = self._limits.extended_header + REFILL
        return kind(self._stream, largest, lambda: source.bytes_read, self._below, self._records)

    @cached_property
    def _reader(self) -> TarReader:
        window, limits, take, pieces = self._window, self._limits, self._take, self._pieces
        if take is None:
            return TarReader(window, limits, self._records)

        def scanner() -> Scanner:
            from analyzer.source.tar.scan import Scanner  # noqa: PLC0415  numpy is not for every bundle

            return Scanner(window, limits, take, pieces)

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
        if self._watch is not None and (changed := self._watch.changed()):
            self._records.loss(changed, self.bytes_read)

    def begin(self, *, contents: bool) -> None:
        """Read ahead from now on, as `MemberSource` says."""
        self._begun = True
        if not self._packed and (place := self._source.place) is not None:
            self._pieces = Pieces(place, self._limits, contents=contents)
        else:
            self._window.begin()

    def offer(self, take: Callable[[MemberBatch], int], *, contents: bool) -> None:
        """Offer members many at a time, as `MemberSource` says."""
        self._take = take
        if not self._begun:
            self.begin(contents=contents)

    def close(self) -> None:
        """Release the input."""
        self._end()
        self._source.close()

    def _end(self) -> None:
        """Stop the thread and the processes that read ahead."""
        if self._pieces is not None:
            self._pieces.close()
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
