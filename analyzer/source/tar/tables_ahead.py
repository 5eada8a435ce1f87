"""Further processes make tables of the members of a long plain tar that lie ahead of where this one reads.

What is known of a usual member comes from the bytes at its place alone (`analyzer.source.tar.reader.runs`), so a table can be made
of any piece of the file without what lies before. Whether a member starts at a place is for this process to find out,
by coming there. Where there is no table, it reads by itself, to the same end: nothing is lost with a child that dies.

The children are forks. They are told pieces through one pipe, whoever is idle takes the next, and each says through a
pipe of its own what is done; the tables lie in an anonymous file that has room for a few pieces.
"""

from __future__ import annotations

import mmap
import os
import pickle
import select
from struct import Struct
from typing import TYPE_CHECKING

import numpy as np

from analyzer.source.forks import end, fork
from analyzer.source.stream.window import Window
from analyzer.source.tar.columns import find_headers, sound
from analyzer.source.tar.header import BLOCK
from analyzer.source.tar.reader.extras import Extras, PaxReader
from analyzer.source.tar.reader.runs import LONGEST, PAX, RunReader
from analyzer.source.tar.reader.tables import Table, checksums

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.limits import Limits

PIECE = 32 << 20
"""Bytes of the file that are looked at at once."""
ROOM = PIECE
"""Bytes that its tables may take; those that would take more are left to the first process."""
SLOTS = 8
"""Pieces from the one at hand on that are worked on, or wait to be taken."""
STRETCH = 1 << 20
"""Bytes searched for a header at once."""
BEYOND = 4 << 20
"""Bytes looked at behind a piece, for members that start in it."""
CHAINS = 64
"""Chains of members in one piece that are looked at: hostile input must not cost a table a header."""
LESSONS, ROUNDS = 32, 4
"""Unusual members that are read for the layout of their records, and how often a table is made anew with these."""
ORDER = Struct("=q")
"""A piece."""
DONE = Struct("=qq")
"""A piece, and how many bytes its tables take."""


class TablesAhead:
    """The children, as the process that has forked them sees them.

    Args:
        file: descriptor of the tar.
        start: where in it the tar starts.
        size: bytes of the tar.
        limits: bounds on what is read.
        contents: whether the checksums of contents are wanted.
        processes: how many children to have.

    Raises:
        OSError: the system has no room for them.
    """

    def __init__(self, file: int, start: int, size: int, limits: Limits, *, contents: bool, processes: int) -> None:
        self._pieces = -(-size // PIECE)
        self._piece, self._next, self._until = -1, 0, 0
        self._working: set[int] = set()
        self._ready: dict[int, int] = {}
        self._tables: list[Table] = []
        self._children: dict[int, int] = {}  # process by the pipe it tells what is done through
        self._results = -1
        orders, self._orders = os.pipe()
        try:
            self._results = os.memfd_create("tables")
            look = _Look(file, start, size, limits, contents=contents)
            for _ in range(processes):
                self._fork(look, orders)
        except OSError:
            self.close()
            raise
        finally:
            os.close(orders)
        self._order(0)

    def _fork(self, look: _Look, orders: int) -> None:
        """Have one more child.

        Raises:
            OSError: there is no room for it.
        """
        done, tell = os.pipe()

        def work() -> None:
            os.close(self._orders)
            _work(look, orders, self._results, tell)

        try:
            self._children[done] = fork(work)
        except OSError:
            os.close(done)
            raise
        finally:
            os.close(tell)

    def table(self, offset: int) -> Table | None:
        """Return the table to use from `offset` of the stream on, None to go on with the one at hand."""
        if offset < self._until:
            return None
        piece = offset // PIECE
        if piece != self._piece:
            self._enter(piece)
        for table in self._tables:
            if table.end > offset:
                self._until = table.end
                return table
        self._until = (piece + 1) * PIECE
        return None

    def _enter(self, piece: int) -> None:
        """Take the tables of a piece as soon as they are there."""
        self._piece, self._tables = piece, []
        self._next = max(self._next, piece)
        self._order(piece)
        while self._children and piece < self._pieces and piece not in self._ready:
            self._hear()
            self._order(piece)
        if size := self._ready.get(piece, 0):
            data = os.pread(self._results, size, piece % SLOTS * ROOM)
            self._tables = pickle.loads(data)  # noqa: S301  from our own fork
        self._ready = {later: size for later, size in self._ready.items() if later > piece}

    def _order(self, piece: int) -> None:
        """Tell the children what to do next: no two pieces in one slot, no slot whose tables are still to be taken."""
        last = min(piece + SLOTS, self._pieces)
        while self._children and self._next < last and self._free(self._next):
            self._working.add(self._next)
            try:
                os.write(self._orders, ORDER.pack(self._next))
            except OSError:  # none of them is there any more
                self._end()
            self._next += 1

    def _free(self, piece: int) -> bool:
        return all((other - piece) % SLOTS for other in self._working)

    def _hear(self) -> None:
        """Wait until something is done; do without the children when one has died."""
        poll = select.poll()
        for done in self._children:
            poll.register(done, select.POLLIN)
        for done, _ in poll.poll():
            said = os.read(done, DONE.size)
            if len(said) < DONE.size:
                self._end()
                return
            piece, size = DONE.unpack(said)
            self._working.discard(piece)
            self._ready[piece] = size

    def _end(self) -> None:
        """End the children."""
        for done, child in self._children.items():
            end(child)
            os.close(done)
        self._children = {}

    def close(self) -> None:
        """End the children and forget what they found."""
        self._end()
        for descriptor in (self._orders, self._results):
            if descriptor >= 0:
                os.close(descriptor)
        self._orders = self._results = -1
        self._until, self._tables = 1 << 63, []


def _work(look: _Look, orders: int, results: int, tell: int) -> None:
    """Do what is ordered until nobody is there to order."""
    while len(order := os.read(orders, ORDER.size)) == ORDER.size:
        (piece,) = ORDER.unpack(order)
        data = memoryview(pickle.dumps(list(look.tables(piece * PIECE)), pickle.HIGHEST_PROTOCOL))
        size, place = len(data), piece % SLOTS * ROOM
        if size > ROOM:
            size, data = 0, data[:0]
        while data:
            done = os.pwrite(results, data, place)
            data, place = data[done:], place + done
        os.write(tell, DONE.pack(piece, size))


class _Mapped(Window):
    """A stretch of the file as it lies in the system's cache.

    Should the file shrink meanwhile, a look behind its end kills the process: this is for the child alone.
    """

    def __init__(self) -> None:
        self.buffer: bytearray | mmap.mmap = bytearray()  # type: ignore[assignment]  # it is only read
        self.view = memoryview(self.buffer)
        self.base, self.pos, self.end = 0, 0, 0

    def move(self, file: int, start: int, offset: int, count: int) -> None:
        """Map `count` bytes of the stream from `offset` on; its first byte is byte `start` of the file."""
        first = start + offset
        aligned = first - first % mmap.ALLOCATIONGRANULARITY
        self.buffer = mmap.mmap(file, first + count - aligned, prot=mmap.PROT_READ, offset=aligned)
        self.view = memoryview(self.buffer)
        self.base = aligned - start
        self.pos, self.end = first - aligned, len(self.buffer)
        self.buffer.madvise(mmap.MADV_WILLNEED)


class _Look:
    """What the child does."""

    def __init__(self, file: int, start: int, size: int, limits: Limits, *, contents: bool) -> None:
        self._file, self._start, self._size = file, start, size
        self._window = _Mapped()
        self._pax = PaxReader(limits)
        self._runs = RunReader(self._window, self._pax.shapes, limits)
        self._contents = contents

    def tables(self, offset: int) -> Iterator[Table]:
        """Yield the members that start in the piece at `offset`, one table for each chain of headers."""
        window = self._window
        window.move(self._file, self._start, offset, min(PIECE + BEYOND, self._size - offset))
        after = min(PIECE, self._size - offset) + window.pos
        pos = self._header(window.pos, after)
        for _ in range(CHAINS):
            if pos >= after or (table := self._table(pos, after)) is None:
                return
            yield self._told(table.part(int(np.searchsorted(table.begins, window.base + after))))
            if table.end - window.base >= after:
                return
            pos = self._header(max(int(table.begins[-1]) - window.base, pos) + BLOCK, after)

    def _header(self, pos: int, after: int) -> int:
        """Return the window position of the first header from `pos` on that states its checksum, `after` for none."""
        while (count := (min(pos + STRETCH, after) - pos) // BLOCK) > 0:
            blocks = np.frombuffer(self._window.buffer, np.uint8, count * BLOCK, pos).reshape(count, BLOCK)
            rows = find_headers(blocks)[0]
            good = np.flatnonzero(sound(blocks, rows))
            if len(good):
                return pos + int(rows[good[0]]) * BLOCK
            pos += count * BLOCK
        return after

    def _table(self, pos: int, after: int) -> Table | None:
        """Return the table of the chain at `pos`, made again while unusual members teach new layouts of records."""
        if not len(self._pax.shapes):
            self._learn_first(pos)
        table = self._runs.make(pos, after)
        for _ in range(ROUNDS):
            known = len(self._pax.shapes)
            if table is None or not len(table.bad):
                break
            for place in table.begins[table.bad[:LESSONS]].tolist():
                self._learn(place - self._window.base)
            if len(self._pax.shapes) == known:
                break
            table = self._runs.make(pos, after)
        return table

    def _learn_first(self, pos: int) -> None:
        """Read the records of the first members of a chain."""
        for _ in range(LESSONS):
            if pos + BLOCK > self._window.end:
                break
            pos += BLOCK + self._learn(pos)

    def _learn(self, pos: int) -> int:
        """Read the records of a member, if it has some; return how many bytes follow the header there."""
        buffer = self._window.buffer
        digits = bytes(buffer[pos + 124 : pos + 135])
        size = int(digits, 8) if not digits.strip(b"01234567") else 0
        if buffer[pos + 156] == PAX and size <= LONGEST and pos + BLOCK + size <= self._window.end:
            self._pax.read(bytes(buffer[pos + BLOCK : pos + BLOCK + size]), Extras())
        return size + -size % BLOCK

    def _told(self, table: Table) -> Table:
        """Return a table to be handed over, with the checksums of contents where they are wanted."""
        if not self._contents:
            return table._replace(ahead=True)
        count, members = len(table.begins), table.members
        crcs, flags = np.zeros(count, np.uint64), np.zeros(count, np.uint8)
        good = np.ones(count, np.bool_)
        good[table.bad] = False
        items = np.flatnonzero(good)
        starts = members.offsets[items] - self._window.base
        crcs[items], flags[items] = checksums(self._window.view, starts, members.sizes[items], members.kinds[items])
        return table._replace(ahead=True, sums=(crcs, flags))
