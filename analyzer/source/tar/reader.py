"""Read a tar strictly and in one pass: every header's checksum is tested, and damage costs only what it hit.

Formats: Version 7, ustar, pax (POSIX.1-2017), GNU (long names, both base-256 and octal numbers, sparse files,
dump directories, volume labels), Solaris `X`. After a header that cannot be right, reading goes on at the next
512-byte block with a valid checksum, and the gap is recorded as a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from analyzer.limits import Limits
from analyzer.source.member import NO_END, Member
from analyzer.source.reading_log import ReadingLog
from analyzer.source.stream.window import Window
from analyzer.source.tar.body import TarBody
from analyzer.source.tar.entry import DamagedHeader, EntryReader
from analyzer.source.tar.header import BLOCK, Sums, byte_sum, checksum_ok
from analyzer.source.tar.pax import Extras, PaxReader

if TYPE_CHECKING:
    from analyzer.source.tar.scan import Scanner

GLOBAL = ord("g")
LONG_NAME = ord("L")
LONG_LINK = ord("K")
EXTENSIONS = b"xXgLK"
PASSED_OVER = {
    ord("M"): "continuation of a file from another volume passed over",
    ord("V"): "volume label passed over",
    ord("N"): "old GNU name list passed over",
}
FIRST = 512
"""Members that are read one by one before many are taken at once: a short archive is not worth starting numpy."""
REFILL = 8 << 10
"""Unread bytes below which the window is filled again: room for an extended header, its records and the header."""


class TarReader:
    """The members of one tar, or of several after one another.

    Args:
        window: the stream.
        limits: bounds on what is read.
        records: where losses and notes go.
        scanner: makes what takes members many at a time before they are read one by one.

    Attributes:
        members: how many there were so far.
    """

    def __init__(
        self, window: Window, limits: Limits, records: ReadingLog, scanner: Callable[[], Scanner] | None = None
    ) -> None:
        self._window = window
        self._limits = limits
        self._records = records
        self._sums = Sums()
        self._entries = EntryReader(self._window, limits, records)
        self._pax = PaxReader(limits)
        self._global = Extras()
        self._extras: Extras | None = None
        self._start = -1  # offset of the first extended header before the member
        self._zeros = 0  # zero blocks just seen
        self._make_scanner = scanner
        self._scanner: Scanner | None = None
        self._ended = False  # two of them: the archive is over
        self.members = 0

    def __iter__(self) -> Iterator[tuple[Member, TarBody]]:
        """Yield (member, content) in stream order."""
        window, entries = self._window, self._entries
        limit = self._limits.members
        while True:
            if (make := self._make_scanner) is not None and (taken := self._many(make, limit - self.members)):
                self.members += taken
                continue
            if window.end - window.pos < REFILL and window.fill(REFILL) < BLOCK:
                break
            if (member := self._next(window.pos)) is None:
                continue
            if self.members >= limit:
                self._records.loss(f"limit members={limit} reached: the rest is not read", member.offset)
                return
            self.members += 1
            self._records.last = member.path
            body = entries.body
            padding = -body.left % BLOCK
            yield member, body
            left = body.left + padding
            if left <= window.end - window.pos:
                window.pos += left
            elif not self._skip(body.left, padding, member):
                break
        self._finish()

    def _many(self, make: Callable[[], Scanner], most: int) -> int:
        """Let up to `most` members be taken at once; return how many were."""
        if self.members < FIRST or self._extras is not None or self._zeros:
            return 0
        scanner = self._scanner = self._scanner or make()
        taken = scanner.read(most, self._global)
        if taken:
            self._records.last = scanner.last
        return taken

    def _next(self, pos: int) -> Member | None:
        """Read the block at `pos` in full; return its member, None when it is about another or none."""
        block = self._window.view[pos : pos + BLOCK]
        if checksum_ok(block, self._sums):
            if self._zeros:
                self._after_zeros()
            try:
                return self._entry(block[156], pos)
            except DamagedHeader as damage:
                self._resync(str(damage))
        elif byte_sum(block) == 0:
            self._zero_block()
        elif self._ended:
            self._trailing()
        else:
            self._resync("damaged header (bad checksum)")
        return None

    def _entry(self, kind: int, pos: int) -> Member | None:
        """Return the member of the header at `pos`, None when it is about another or none.

        Raises:
            DamagedHeader: it says something impossible.
        """
        if kind in EXTENSIONS:
            self._extension(kind, pos)
            return None
        if kind in PASSED_OVER:
            self._pass_over(kind, pos)
            return None
        extras, start = self._extras, self._start
        self._extras = None
        if extras is None:
            extras, start = self._global, self._window.base + pos
        return self._entries.member(kind, pos, extras, start)

    def _zero_block(self) -> None:
        self._orphan("the archive's end")
        self._window.pos += BLOCK
        self._zeros += 1
        self._ended = self._ended or self._zeros >= 2

    def _after_zeros(self) -> None:
        """Tell that members follow zero blocks: another archive after two, damage after one."""
        offset = self._window.offset
        if self._ended:
            self._records.note("another archive follows the end of the first", offset, after=self._records.last)
        else:
            what = "a lone zero block in the middle: a header may have been lost"
            self._records.loss(what, offset - BLOCK, after=self._records.last)
        self._zeros, self._ended = 0, False

    def _scan(self) -> tuple[int, int]:
        """Move to the next header with a valid checksum, or to the end of the stream.

        Returns:
            (offset after the last block with content that was passed over, zero bytes at the stream's end).
        """
        window, sums = self._window, self._sums
        content = window.offset
        while window.fill(BLOCK) >= BLOCK:
            view, base = window.view, window.base
            for pos in range(window.pos, window.end - BLOCK + 1, BLOCK):
                field = bytes(view[pos + 148 : pos + 156])
                if field.translate(None, b"01234567 \0"):
                    content = base + pos + BLOCK
                elif checksum_ok(view[pos : pos + BLOCK], sums):
                    window.pos = pos
                    return content, 0
                elif byte_sum(view[pos : pos + BLOCK]):
                    content = base + pos + BLOCK
                window.pos = pos + BLOCK
        tail = bytes(window.view[window.pos : window.end])
        window.pos = window.end
        if tail.strip(b"\0"):
            content = window.offset
        return content, window.offset - content

    def _resync(self, what: str) -> None:
        """Record a loss from the header at hand to the next good one."""
        self._extras = None
        window = self._window
        start = window.offset
        window.pos += BLOCK
        content, zeros = self._scan()
        content = max(content, start + BLOCK)
        rest = "the end" if zeros or window.pos == window.end else "the next good header"
        self._records.loss(f"{what}: {content - start} bytes passed over up to {rest}", start, after=self._records.last)
        self._zeros = zeros // BLOCK
        self._ended = self._zeros >= 2

    def _trailing(self) -> None:
        """Tell of bytes after the end of the archive that are no member: where members follow, it was no end."""
        start = self._window.offset
        content, _ = self._scan()
        what = f"{content - start} bytes after the end of the archive are no member"
        if self._window.pos < self._window.end:
            self._records.loss(f"{what}, and members follow: a part is missing", start, after=self._records.last)
            self._zeros, self._ended = 0, False
        else:
            self._records.note(what, start)

    def _orphan(self, before: str) -> None:
        """Record extended headers that no member follows."""
        if self._extras is not None:
            self._records.loss(f"extended header without its member, before {before}", self._start)
            self._extras = None

    def _finish(self) -> None:
        """Tell how the stream ended."""
        window = self._window
        tail = bytes(window.view[window.pos : window.end])
        window.pos = window.end
        start, content = window.offset - len(tail), bool(tail.strip(b"\0"))
        self._orphan("the end of the stream")
        if self._ended:
            if content:
                self._records.note(f"{len(tail)} bytes after the end of the archive are no member", start)
        elif content:
            self._records.loss(f"cut inside a header: {len(tail)} of {BLOCK} bytes are there", start)
        elif window.offset % BLOCK:
            self._records.loss("cut inside a block: the archive has no end", window.offset)
        elif self._zeros:
            self._records.note("one end-of-archive block instead of two", window.offset)
        else:
            self._records.note(NO_END, window.offset)

    def _skip(self, left: int, padding: int, member: Member) -> bool:
        """Pass over the rest of a member's content; record where it is cut. Tell whether to go on."""
        window = self._window
        passed = window.skip(left)
        if passed == left:
            return window.skip(padding) == padding
        what = f"cut: {left - passed} of {member.size} content bytes are missing"
        self._records.loss(what, window.offset, member.path)
        self._ended = True
        return False

    def _extension(self, kind: int, pos: int) -> None:
        """Read an extended header into the facts about the next member."""
        window, limit = self._window, self._limits.extended_header
        size = self._entries.size(pos)
        if size > limit:
            raise DamagedHeader(f"extended header of {size} bytes exceeds limit extended_header={limit}")
        offset = window.base + pos
        whole = BLOCK + size + -size % BLOCK
        if window.end - pos < whole and window.fill(whole) < BLOCK + size:
            self._records.loss("cut inside an extended header", offset)
            window.pos = window.end
            self._ended = True
            return
        pos = window.pos
        data = bytes(window.view[pos + BLOCK : pos + BLOCK + size])
        window.pos = min(pos + whole, window.end)
        if kind == GLOBAL:
            self._global_header(data, offset)
            return
        extras = self._extras
        if extras is None:
            extras = self._extras = self._global.inherited()
            self._start = offset
        if kind == LONG_NAME:
            extras.long_path = data.partition(b"\0")[0]
            extras.unusual = True
        elif kind == LONG_LINK:
            extras.long_link = data.partition(b"\0")[0]
        else:
            self._pax.read(data, extras)

    def _global_header(self, data: bytes, offset: int) -> None:
        """Take times and owners from a global header; a path or size for every member makes no sense."""
        extras = Extras()
        self._pax.read(data, extras)
        self._global = extras.inherited()
        if not self._global.usual:
            self._make_scanner = None
        ignored = [
            name
            for name, value in (("path", extras.path), ("linkpath", extras.link), ("size", extras.size))
            if value is not None
        ]
        what = f"global pax header; its {', '.join(ignored)} ignored" if ignored else "global pax header"
        self._records.note(what, offset)
        for fault in extras.faults or ():
            self._records.loss(fault, offset)

    def _pass_over(self, kind: int, pos: int) -> None:
        """Pass over an entry that is no file of its own."""
        window = self._window
        size = self._entries.size(pos)
        self._records.note(PASSED_OVER[kind], window.offset)
        self._extras = None
        window.skip(BLOCK + size + -size % BLOCK)
