"""Make each layer's tar again from its tar-split and files, and digest it (depth deep).

tar-split wants the files in the order of the layer tar; an archive has them in the order of its directories. In a
plain tar they are read where they lie. A compressed bundle or a directory is read a second time, and a file that comes
before its turn is held in memory, up to a limit; a layer that needs more is left out, and that is said.
"""

from __future__ import annotations

import hashlib
from itertools import repeat
from typing import TYPE_CHECKING

from msgspec import Struct

from analyzer.limits import reached
from analyzer.snapshot.content import FILE_CODE
from analyzer.snapshot.second_pass import walk
from analyzer.snapshot.symlink_rows import place, resolve_row
from analyzer.snapshot.tar_split import FILE_LINE, Line, TarSplit
from analyzer.source.checksum import CUT
from analyzer.source.member import FILE
from analyzer.source.parallel import map_in_workers
from analyzer.source.stream.offsets import has_offsets, open_offsets
from analyzer.source.tar.header import clean_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from analyzer.limits import Limits
    from analyzer.snapshot.content import DiffTable
    from analyzer.snapshot.provenance import SmallFile
    from analyzer.snapshot.split_columns import Entries
    from analyzer.snapshot.store import Store
    from analyzer.source.member import Body, Member
    from analyzer.source.member_source import MemberSource
    from analyzer.source.stream.offsets import Offsets


PUT = 256 << 10
"""Bytes that are digested at once: most pieces are a header or a small file."""


class TarDigest:
    """SHA-256 and length of a tar that is put together piece by piece.

    Args:
        room: bytes that are gathered before they are digested.

    Attributes:
        size: bytes put so far.
    """

    def __init__(self, room: int = 0) -> None:
        self.size = 0
        self._digest = hashlib.sha256()
        self._view = memoryview(bytearray(room))
        self._used = 0

    def put(self, data: bytes | memoryview) -> None:
        """Put bytes."""
        size = len(data)
        self.size += size
        if size > len(self._view) - self._used:
            self._flush()
            if size > len(self._view):
                self._digest.update(data)
                return
        self._view[self._used : self._used + size] = data
        self._used += size

    def read(self, plain: Offsets, offset: int, size: int) -> None:
        """Put `size` bytes of a plain tar, where there is room to gather; fewer where it ends."""
        while size > 0:
            if self._used == len(self._view):
                self._flush()
            got = plain.readinto(self._view[self._used : self._used + size], offset)
            if not got:
                return
            self._used += got
            self.size += got
            offset, size = offset + got, size - got

    def _flush(self) -> None:
        self._digest.update(self._view[: self._used])
        self._used = 0

    def hexdigest(self) -> str:
        """Return the digest of all that was put."""
        self._flush()
        return self._digest.hexdigest()


class Rebuilt(Struct, frozen=True):
    """What came of one layer: `sha256:<hex>` and length of its tar, or why it was not made."""

    digest: str = ""
    size: int = 0
    reason: str = ""


class Job:
    """One layer being rebuilt.

    Args:
        split: its tar-split.
        table: its files.
        limits: bounds on reading.

    Attributes:
        waiting: row of the file whose content comes next, -1 when nothing is awaited.
        held: contents that came before their turn, by row.
        held_bytes: their length.
    """

    def __init__(self, split: SmallFile, table: DiffTable, limits: Limits) -> None:
        self.table = table
        self.waiting = -1
        self.held: dict[int, bytes] = {}
        self.held_bytes = 0
        self._split = TarSplit(split, limits)
        self._lines = self._split.lines()
        self._limits = limits
        self._made = TarDigest()
        self._reason = ""
        self._done = False
        self._shared = {resolve_row(table, row) for row in table.extra if resolve_row(table, row) != row}

    def advance(self) -> None:
        """Go on to the next file whose content is not at hand."""
        self.waiting = -1
        for line in self._lines:
            if line.type != FILE_LINE:
                self._made.put(line.payload or b"")
                continue
            if line.size <= 0:
                continue
            row = self._row(line)
            if self._reason:
                return
            data = self.held.get(row)
            if data is None:
                self.waiting = row
                return
            self._made.put(data)
            if row not in self._shared:
                self.held_bytes -= len(data)
                del self.held[row]
        self._done = True
        self.release()

    def read(self, plain: Offsets) -> None:
        """Take every content from where it lies, instead of waiting for it."""
        made = self._made = TarDigest(PUT)
        for part in self._split.pieces():
            if not isinstance(part, Line):
                self._read_many(part, plain)
            elif part.type != FILE_LINE:
                made.put(part.payload or b"")
            elif part.size > 0:
                self._read_file(self._row(part), plain)
            if self._reason:
                return
        self._done = True

    def _read_many(self, entries: Entries, plain: Offsets) -> None:
        """Take many files, each behind its header."""
        table = self.table
        rows = map(table.index.get, entries.paths, repeat(-1))
        for path, row, header, size in zip(entries.paths, rows, entries.headers(), entries.sizes.tolist(), strict=True):
            self._made.put(header)
            if size:
                known = row >= 0 and table.kinds[row] == FILE_CODE
                self._read_file(row if known else self._file_row(path), plain)
                if self._reason:
                    return

    def _read_file(self, row: int, plain: Offsets) -> None:
        """Take the content of one file from where it lies, unless there is none."""
        table = self.table
        if self._reason:
            return
        if table.offsets[row] < 0:
            self.fail(f"{table.names[row]} is stored with holes")
        elif table.flags[row] & CUT:
            self.fail(f"the archive is cut inside {table.names[row]}")
        else:
            self._made.read(plain, table.offsets[row], table.sizes[row])

    def take(self, row: int, chunks: Iterable[memoryview], room: int) -> None:
        """Take the content of one file: now, or for later where there is room for it."""
        if self._reason or self._done:
            return
        if row == self.waiting and row not in self._shared:
            for chunk in chunks:
                self._made.put(chunk)
            self.advance()
            return
        size = self.table.sizes[row]
        if size > room:
            told = reached("rebuild", self._limits.rebuild)
            self.fail(f"its files come in another order, and {size} more bytes do not fit: {told}")
            return
        data = self.held[row] = b"".join(map(bytes, chunks))
        self.held_bytes += len(data)
        if row == self.waiting:
            self._made.put(data)
            self.advance()

    def fail(self, reason: str) -> None:
        """Give up."""
        self._reason = reason
        self.release()

    def release(self) -> None:
        """Let go of contents."""
        self.held.clear()
        self.held_bytes = 0

    def result(self) -> Rebuilt:
        """Return what came of it; call it when all contents have been offered."""
        if self._reason or self._split.problems or self._split.limit:
            return Rebuilt(reason=self._reason or self._split.limit or "its tar-split is damaged")
        if not self._done:
            name = self.table.names[self.waiting] if self.waiting >= 0 else "a file"
            return Rebuilt(reason=f"the content of {name} was not met again")
        return Rebuilt(f"sha256:{self._made.hexdigest()}", self._made.size)

    def _row(self, line: Line) -> int:
        name = line.name_raw.decode("utf-8", "surrogateescape") if line.name_raw else line.name
        return self._file_row(clean_path(name, self._limits.path)[0])

    def _file_row(self, path: str) -> int:
        """Return the row that has the content of a path; give up where there is none."""
        table = self.table
        row = table.index.get(path, -1)
        if row < 0:
            row = table.index.get(place(table, path), -1)
        row = resolve_row(table, row)
        if row < 0:
            self.fail(f"{path} is not among its files")
        return row


def rebuild(
    stores: list[Store], path: str, form: str, again: Callable[[], MemberSource], limits: Limits
) -> dict[str, Rebuilt]:
    """Return what came of every layer with a tar-split, by member path of the tar-split.

    Args:
        stores: the stores as read.
        path: the bundle.
        form: its format.
        again: opens it once more.
        limits: `rebuild` bounds what is held out of order.
    """
    layers = list(_layers(stores))
    names = [split.path for split, _ in layers]
    if has_offsets(path, form):
        with open_offsets(path) as plain:
            made = map_in_workers(
                lambda layer: _by_offset(Job(*layer, limits), plain), layers, lambda layer: len(layer[0].data or b"")
            )
        return dict(zip(names, made, strict=True))
    jobs = [Job(split, table, limits) for split, table in layers]
    _in_passing(jobs, again(), limits)
    return {name: job.result() for name, job in zip(names, jobs, strict=True)}


def _layers(stores: list[Store]) -> Iterator[tuple[SmallFile, DiffTable]]:
    for store in stores:
        for layer_id, split in store.tar_splits.items():
            for other in stores:
                layer = other.home.layers.get(layer_id) if other.group == store.group else None
                table = layer.tables.get("diff") if layer else None
                if split.data is not None and table is not None and len(table):
                    yield split, table
                    break


def _by_offset(job: Job, plain: Offsets) -> Rebuilt:
    job.read(plain)
    job.table.forget_index()
    return job.result()


def _in_passing(jobs: list[Job], source: MemberSource, limits: Limits) -> None:
    by_table = {job.table.path: job for job in jobs}
    held = 0
    for job in jobs:
        job.advance()

    def take(table: DiffTable, name: str, member: Member, body: Body) -> None:
        nonlocal held
        if member.kind != FILE:
            return
        job, row = by_table[table.path], table.index.get(name, -1)
        if row < 0 or table.offsets[row] != member.data_offset:
            return
        before = job.held_bytes
        job.take(row, body.chunks(), limits.rebuild - held)
        held += job.held_bytes - before

    walk(source, [job.table for job in jobs], take)
    for job in jobs:
        job.table.forget_index()
