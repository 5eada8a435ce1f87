"""Read and decompress in a second thread while the first one parses.

Reading, inflating and digesting release the interpreter's lock for the length of a call, so the two overlap when
the calls are long: large buffers change hands, and the parser looks at the data where it was read to.
What the streams below record is handed over with the data it follows, so that the same bytes give the same report,
however the threads are scheduled.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import NamedTuple

from analyzer.source.reading_log import ReadingLog
from analyzer.source.stream.input import Stream
from analyzer.source.stream.window import Window

DATA = 16 << 20
"""Bytes that change hands at once; fewer are the stream's last."""
BUFFERS = 3
"""One that is parsed, one to fill, and one that is full: with two, the thread would get the interpreter's lock, and
with it the next buffer, only when the parser is out of data, and the two would take turns."""


class _Filled(NamedTuple):
    """A buffer, the count of data bytes in it, and how much was recorded and read by then."""

    buffer: mmap.mmap
    got: int
    listed: tuple[int, int]
    bytes_read: int


class AheadWindow(Window):
    """A window whose stream is read by a thread of its own.

    Each buffer has room before its data, where the unread rest of the one before is put.
    """

    __slots__ = ("_error", "_free", "_full", "_now", "_over", "_room", "_thread")

    def __init__(
        self, stream: Stream, largest: int, taken: Callable[[], int], below: ReadingLog, records: ReadingLog
    ) -> None:
        """Slide over `stream`, with the arguments of `Window`."""
        super().__init__(stream, largest, taken, below, records)
        self._room = largest
        first = _memory(largest + DATA)
        self.buffer, self.view = first, memoryview(first)
        self._now = _Filled(first, 0, (0, 0), 0)
        self._free: SimpleQueue[mmap.mmap | None] = SimpleQueue()
        self._full: SimpleQueue[_Filled] = SimpleQueue()
        for _ in range(BUFFERS - 1):
            self._free.put(_memory(largest + DATA))
        self._error: BaseException | None = None
        self._over = False
        self._thread = threading.Thread(target=self._pump, name="analyzer-read", daemon=True)

    @property
    def bytes_read(self) -> int:
        """Bytes of the input that the data taken so far came from."""
        return self._now.bytes_read

    def begin(self) -> None:
        """Start the thread."""
        if self._thread.ident is None:
            self._thread.start()

    def _pump(self) -> None:
        """Fill free buffers until the stream ends or the reader has enough."""
        below = self._below
        try:
            while (buffer := self._free.get()) is not None:
                view = memoryview(buffer)[self._room :]
                got = 0
                while got < DATA and (more := self._stream.readinto(view[got:])):
                    got += more
                self._full.put(_Filled(buffer, got, (len(below.losses), len(below.notes)), self._taken()))
                if got < DATA:
                    return
        except BaseException as error:  # noqa: BLE001 - raised again in the reader's thread
            self._error = error
            self._full.put(_Filled(self._now.buffer, 0, (0, 0), 0))

    def fill(self, count: int) -> int:
        """Make at least `count` unread bytes available where the stream has them; return how many there are."""
        while self.end - self.pos < count:
            before = self._exchange()
            if before is None:
                break
            self._free.put(before)
        return self.end - self.pos

    def seek(self, count: int) -> int:
        """Pass over up to `count` bytes behind an empty window without parsing them; return how many.

        The thread has read ahead. While all buffers are here, it waits, and the stream may be moved.
        """
        if count < BUFFERS * DATA:
            return 0
        passed = 0
        held: list[mmap.mmap] = []
        while len(held) < BUFFERS - 1 and (before := self._exchange()) is not None:
            held.append(before)
            passed += self.end - self.pos
            self.pos = self.end
        if not self._over:
            moved = self._stream.skip(count - passed)
            self.base += moved
            passed += moved
        for buffer in held:
            self._free.put(buffer)
        return passed

    def _exchange(self) -> mmap.mmap | None:
        """Take the next buffer, the unread rest before its data; return the one used so far, None at the end."""
        self._hand_on(self._now.listed)
        if self._over:
            return None
        self.begin()
        now = self._full.get()
        if self._error is not None:
            raise self._error
        have, offset, before = self.end - self.pos, self.offset, self._now.buffer
        rest = self.view[self.pos : self.end]
        self._now, self.buffer, self.view = now, now.buffer, memoryview(now.buffer)
        self.pos, self.end = self._room - have, self._room + now.got
        self.view[self.pos : self._room] = rest
        self.base = offset - self.pos
        self._over = now.got < DATA
        return before

    def close(self) -> None:
        """Stop the thread."""
        self._over = True
        self._free.put(None)
        if self._thread.ident is not None:
            self._thread.join()


def _memory(size: int) -> mmap.mmap:
    """Return memory whose pages are made when the thread first writes to them, large ones where there are any."""
    memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError, AttributeError):
        memory.madvise(mmap.MADV_HUGEPAGE)
    return memory
