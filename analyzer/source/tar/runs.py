"""Read many members of the usual form at once: the headers in the window are columns of one table (numpy).

A usual member has at most one extended header before its own: pax records of a known layout (`shapes`), or a GNU long
name. Its own header is of a file, directory or symlink, with a checksum that holds, plain octal numbers and a clean
path, and its content lies wholly in the window. All of this is tested for every member, as `tar` tests it. Whatever is
not usual ends a run and is left for `tar` to read in full, so everything here could be left out.

The headers of a window are found by following each header's size to the next one. What is known of a member then
comes from the bytes at its place alone: whether a member starts at that place is for the caller to know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.source.member import NO_XATTRS
from analyzer.source.tar.columns import (
    CODES,
    EXTENDED,
    LATEST,
    all_clean,
    chain,
    clean,
    find_headers,
    numbers,
    sound,
)
from analyzer.source.tar.entry import NANO
from analyzer.source.tar.header import BLOCK
from analyzer.source.tar.reader.extras import LENGTHS
from analyzer.source.tar.reader.layouts import Layouts
from analyzer.source.tar.reader.pax import parse_time
from analyzer.source.tar.reader.tables import Members, Paths, Run, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analyzer.limits import Limits
    from analyzer.source.stream.window import Window
    from analyzer.source.tar.columns import Column
    from analyzer.source.tar.reader.shapes import Shapes
    from analyzer.source.tar.reader.tables_ahead import TablesAhead

    Take = Callable[[Run], None]

LEAST = 64 << 10
"""Unread bytes that are worth a table of their own."""
FEWEST = 8
"""Members that are worth a run."""
POOR = 64
"""Usual members below which the rest of the data at hand is left to `tar`: hostile input must not cost a table each."""
LONGEST = 4_096
"""Longest extended header that is usual."""
LESSONS = 16
"""Members whose records are read for their layout before that is looked for in many."""
HEADERS = LONGEST // BLOCK + 3
"""Blocks that the headers of a usual member take, at most."""
UNKNOWN = b"?"
"""Stands for a path that is not usual."""
PAX, LONG_NAME, LONG_LINK = ord("x"), ord("L"), ord("K")


class Names(NamedTuple):
    """Path (an object), set of attributes and modification time of each member of a table."""

    paths: Column
    marks: Column
    mtimes_ns: Column


class _Found(NamedTuple):
    """Headers of the members of a table.

    Attributes:
        types, places, sizes: type of the first header of each, and window position and length of what follows it.
        kinds: code of each.
        blocks, headers: all blocks, and which of them is each member's own header.
        values: numbers of the own header (`columns.numbers`).
        good: whether the member is usual as far as looked at.
    """

    types: Column
    places: Column
    sizes: Column
    kinds: Column
    blocks: Column
    headers: Column
    values: Column
    good: Column


class RunReader:
    """Reads runs of usual members below one directory.

    Args:
        window: the stream.
        shapes: layouts of pax payloads seen so far.
        limits: bounds on what is read.
        ahead: tables that other processes make.

    Attributes:
        prefix: the directory with its slash.
        take: gets each run.
    """

    def __init__(self, window: Window, shapes: Shapes, limits: Limits, ahead: TablesAhead | None = None) -> None:
        self._window = window
        self._ahead = ahead
        self._shapes = shapes
        self._layouts = Layouts()
        self._limits = limits
        self._sets: list[Mapping[str, bytes]] = [NO_XATTRS]
        self._table: Table | None = None
        self._rest = 0  # offset up to which no table is made
        self._known = 0  # layouts known when the last one was made here: with a new one, another look is worth it
        self.prefix = ""
        self.take: Take = _drop

    def read(self, pos: int, most: int) -> int:
        """Hand over a run of up to `most` members that starts at window position `pos`; return their number.

        The window is moved behind them; where there are none it stays as it is.
        """
        window = self._window
        offset = window.base + pos
        table = self._table
        ready = self._ahead.table(offset) if self._ahead is not None else None
        if ready is not None:
            table = self._table = ready
            self._known = len(self._shapes)
        elif table is None or offset >= table.end or (self._known < len(self._shapes) and not table.ahead):
            if (offset < self._rest and self._known == len(self._shapes)) or window.end - pos < LEAST:
                return 0
            self._known = len(self._shapes)
            table = self._table = self.make(pos)
            if table is None or len(table.begins) - len(table.bad) < POOR:
                self._rest = window.base + window.end
            if table is None:
                return 0
        first = int(np.searchsorted(table.begins, offset))
        if first == len(table.begins) or table.begins[first] != offset:
            return 0
        next_bad = int(np.searchsorted(table.bad, first))
        stop = int(table.bad[next_bad]) if next_bad < len(table.bad) else len(table.begins)
        names = table.paths.below(self.prefix, first, min(stop, first + most))
        if len(names) < FEWEST:
            return 0
        stop = first + len(names)
        self.take(self._run(table, first, stop, names))
        window.skip(int(table.ends[stop - 1]) - offset)
        return len(names)

    def _run(self, table: Table, first: int, stop: int, names: list[str]) -> Run:
        linked = slice(*np.searchsorted(table.symlinks, (first, stop)).tolist())
        links = {
            item - first: target.partition(b"\0")[0].decode("utf-8", "surrogateescape")
            for item, target in zip(table.symlinks[linked].tolist(), table.targets[linked], strict=True)
        }
        members = table.members.part(first, stop)
        return Run(
            names,
            members,
            links,
            table.sets,
            None if table.ahead else self._window.view,
            members.offsets - self._window.base,
            None if table.sums is None else (table.sums[0][first:stop], table.sums[1][first:stop]),
        )

    def make(self, pos: int, until: int | None = None) -> Table | None:
        """Return the table of the members from window position `pos` on, None where no header is found.

        All that start before `until` are in it, by default all that start in the window.
        """
        window = self._window
        count = (window.end - pos) // BLOCK
        blocks = np.frombuffer(window.buffer, np.uint8, count * BLOCK, pos).reshape(count, BLOCK)
        searched = count if until is None else (until - pos) // BLOCK + HEADERS
        rows, types, sizes, after = find_headers(blocks[:searched])
        linked = chain(rows, after, count)
        own = np.flatnonzero(~EXTENDED[types[linked]])
        if not len(own):
            return None
        linked = linked[: own[-1] + 1]
        rows, types, sizes, after = rows[linked], types[linked], sizes[linked], after[linked]
        whole = sound(blocks, rows)
        extended = EXTENDED[types]
        before = np.maximum(own - 1, 0)
        has = extended[before] & (own > 0)
        twice = has & extended[np.maximum(own - 2, 0)] & (own > 1)
        good = whole[own] & ~twice & (CODES[types[own]] < 255) & (after[own] <= count)
        good &= ~has | (whole[before] & (types[before] != LONG_LINK))
        headers = rows[own]
        values, plain = numbers(blocks, headers)
        first = np.where(has, before, own)
        starts = rows[first]
        found = _Found(
            types[first],
            (starts + 1) * BLOCK + pos,
            sizes[first],
            CODES[types[own]],
            blocks,
            headers,
            values,
            good & plain,
        )
        names = self._named(found)
        paths = self._paths(found, names)
        start = window.base + pos
        ends = after[own] * BLOCK + start
        symlinks = np.flatnonzero(found.kinds == 2)
        members = Members(
            found.kinds,
            (values[0] & 0o7777).astype(np.uint16),
            values[1].astype(np.uint64),
            values[2].astype(np.uint64),
            np.where(found.kinds == 0, values[3], 0),
            names.mtimes_ns,
            (headers + 1) * BLOCK + start,
            names.marks,
        )
        return Table(
            starts * BLOCK + start,
            ends,
            np.flatnonzero(~found.good),
            paths,
            members,
            self._sets,
            symlinks,
            [blocks[row, 157:257].tobytes() for row in headers[symlinks].tolist()],
            min(int(ends[-1]), window.base + window.end),
        )

    def _named(self, found: _Found) -> Names:
        """Return path, attributes and time of each member; tell those whose name or records are not usual."""
        buffer, good, places = self._window.buffer, found.good, found.places
        count = len(places)
        names = Names(np.full(count, b"", np.object_), np.zeros(count, np.uint16), found.values[4] * NANO)
        good &= found.sizes * EXTENDED[found.types] <= LONGEST
        good &= names.mtimes_ns <= LATEST * NANO
        wanted = np.flatnonzero(good & (found.types == PAX))
        others = np.flatnonzero(good & (found.types != PAX))
        if len(wanted):
            good[wanted] = False
            self._recorded(found, wanted, names)
        for item in others.tolist():
            raw = b""
            if found.types[item] == LONG_NAME:
                raw = bytes(buffer[places[item] : places[item] + found.sizes[item]])
                raw = raw[:-1] if raw[-1:] == b"\0" else b""
            elif not found.blocks[found.headers[item], 345]:
                raw = found.blocks[found.headers[item], :100].tobytes().partition(b"\0")[0]
            raw = raw.removeprefix(b"./")
            names.paths[item] = raw[:-1] if raw[-1:] == b"/" and found.kinds[item] else raw
        return names

    def _paths(self, found: _Found, names: Names) -> Paths:
        """Return the paths of all members; tell those whose path is not usual: long, of two lines, to be cleaned."""
        paths, good = names.paths.tolist(), found.good
        for item in np.flatnonzero(~good).tolist():
            paths[item] = UNKNOWN
        lengths = np.fromiter(map(len, paths), np.int64, len(paths))
        good &= lengths <= min(self._limits.path, LONGEST)
        made = Paths.of(paths, lengths)
        if made.text.count(b"\n") == len(paths) + 1 and all_clean(made.text):
            return made
        for item, path in enumerate(paths):
            if b"\n" in path or not clean(path):
                good[item], paths[item], lengths[item] = False, UNKNOWN, len(UNKNOWN)
        return Paths.of(paths, lengths)

    def _recorded(self, found: _Found, items: Column, names: Names) -> None:
        """Fill in what pax records say of some items, and tell those that are of a known layout.

        The layouts that the first ones without one teach are looked for in the others.
        """
        while True:
            items, known = items[~self._laid_out(found, items, names)], len(self._layouts)
            for item in items[:LESSONS].tolist():
                self._matched(found, item, names)
            items = items[LESSONS:]
            if not len(items) or len(self._layouts) == known:
                break
        for item in items.tolist():
            self._matched(found, item, names)

    def _laid_out(self, found: _Found, items: Column, names: Names) -> Column:
        """Fill in what pax records of known layouts say, and tell which items have such."""
        view, places, sizes, kinds = self._window.view, found.places, found.sizes, found.kinds
        seen = np.zeros(len(items), np.bool_)
        for group in self._layouts.find(view, places[items], sizes[items]):
            which = items[group.rows]
            begins, ends = places[which] + group.starts, places[which] + group.stops
            buffer = np.frombuffer(self._window.buffer, np.uint8)
            dotted = (buffer[begins] == ord(".")) & (buffer[begins + 1] == ord("/"))
            slashed = buffer[ends - 1] == ord("/")
            begins, ends = begins + 2 * dotted, ends - slashed
            plain = (begins < ends) & ~(slashed & (kinds[which] == 0))
            plain &= (buffer[begins] != ord("/")) & (buffer[begins] != ord(".")) & (buffer[ends - 1] != ord("/"))
            found.good[which] = plain
            names.mtimes_ns[which] = group.mtimes_ns
            seen[group.rows] = True
            spans = zip(begins.tolist(), ends.tolist(), strict=True)
            if isinstance(self._window.buffer, bytearray):
                paths = [view[begin:end].tobytes() for begin, end in spans]
            else:  # a map gives bytes
                paths = [self._window.buffer[begin:end] for begin, end in spans]
            names.paths[which] = np.fromiter(paths, np.object_, len(which))
            names.marks[which] = self._mark(group.xattrs)
        return seen

    def _mark(self, xattrs: Mapping[str, bytes]) -> int:
        """Return the place of a set of attributes among all that were seen."""
        if xattrs not in self._sets:
            self._sets.append(xattrs)
        return self._sets.index(xattrs)

    def _matched(self, found: _Found, item: int, names: Names) -> None:
        """Fill in what the pax records of one item say, where `shapes` knows their layout."""
        place = int(found.places[item])
        stop = place + int(found.sizes[item])
        match, known = self._shapes.fit(self._window.buffer, place, stop)
        if match is None:
            return
        digits, path, _, stamp = match.groups()
        end = match.start(3)
        if LENGTHS.get(digits) != end - match.start(1) - 1:  # also where the time comes before the path
            return
        self._layouts.learn(bytes(self._window.view[place:stop]), match, known)
        names.paths[item], names.marks[item] = path, self._mark(known)
        time = parse_time(stamp[9:])
        names.mtimes_ns[item] = min(time, LATEST * NANO)
        # a slash behind its name makes a file a directory
        found.good[item] = time <= LATEST * NANO and (bool(found.kinds[item]) or match.end(2) + 1 == end)


def _drop(_run: Run) -> None:
    pass
