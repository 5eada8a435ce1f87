"""Read many entries of a tar-split at once, whose raw headers lie in memory as those of a bundle do (numpy).

What this gives, `TarSplit.entries` would give too, entry by entry. An entry is left to that where its headers are
(`analyzer.source.tar.header_columns`), where its line is in another form than Go's, or says something else than they.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from analyzer.limits import Limits
from analyzer.snapshot.split_text import Pairs
from analyzer.snapshot.tar_entry import NO_DEVICE, TarEntry
from analyzer.source.member import BATCH_KINDS
from analyzer.source.tar.columns import CHAINED, DOT, EXTENDED, SLASH, sizes
from analyzer.source.tar.header import BLOCK
from analyzer.source.tar.header_columns import FILE_ITEM, Headers, read_headers

if TYPE_CHECKING:
    from analyzer.snapshot.split_text import Lines
    from analyzer.source.tar.columns import Column
    from analyzer.source.tar.header_columns import Members

Fact = TypeVar("Fact")

EXTENSIONS = 4
"""Extended headers before one header that are looked for."""
FEWEST = 8
"""Entries that are worth columns."""


class Entries(NamedTuple):
    """Consecutive entries of a layer tar, in columns; item i of each is one entry.

    Attributes:
        paths, sizes, crcs, modes, uids, gids, mtimes_ns: as in `TarEntry`.
        links: targets of symlinks and hard links, by item.
        devices: (major, minor) of device nodes, by item.
        sets: sets of attributes, the first of them empty and no other, and `marks` which of them an entry has.
        kinds: codes, index into `BATCH_KINDS`.
        spans: bytes of the layer tar that each is, with what lies before it.
        raw, stops: memory that holds the headers, with the padding before each, and where in it each stops.
    """

    paths: list[str]
    links: Mapping[int, str]
    devices: Mapping[int, tuple[int, int]]
    sets: Sequence[Mapping[str, bytes]]
    raw: bytes
    kinds: Column
    sizes: Column
    crcs: Column
    modes: Column
    uids: Column
    gids: Column
    mtimes_ns: Column
    marks: Column
    spans: Column
    stops: Column

    def entry(self, item: int) -> TarEntry:
        """Return one entry by itself."""
        return TarEntry(
            self.paths[item],
            BATCH_KINDS[self.kinds[item]],
            int(self.sizes[item]),
            int(self.crcs[item]) if self.kinds[item] == FILE_ITEM else None,
            int(self.modes[item]),
            int(self.uids[item]),
            int(self.gids[item]),
            int(self.mtimes_ns[item]),
            self.links.get(item, ""),
            self.devices.get(item, NO_DEVICE),
            self.sets[self.marks[item]],
        )

    def headers(self) -> Iterator[memoryview]:
        """Yield the bytes of the layer tar before each content: the padding of the one before it, and a header."""
        raw, starts = memoryview(self.raw), self.stops - self.spans + self.sizes
        return (raw[start:stop] for start, stop in zip(starts.tolist(), self.stops.tolist(), strict=True))

    def part(self, start: int, stop: int) -> Entries:
        """Return the entries from `start` up to `stop`."""
        span = slice(start, stop)
        places = {item: item - start for item in range(start, stop)}
        links, devices = _moved(self.links, places), _moved(self.devices, places)
        columns = (column[span] for column in self[5:])
        return Entries(self.paths[span], links, devices, self.sets, self.raw, *columns)

    def each(self) -> Iterator[TarEntry]:
        """Yield every entry by itself."""
        return map(self.entry, range(len(self.paths)))


def entries_of(lines: Lines, at: int, count: int, position: int, padding: int, limits: Limits) -> list[Entries | int]:
    """Return what consecutive lines of a tar-split are: columns of entries, or a count of those to be read one by one.

    Args:
        lines: all lines.
        at: the first of them, from which on a segment and a file take turns.
        count: how many such pairs there are; the segments hold all between one content and the next.
        position: what the first line should have.
        padding: bytes of the first segment that belong to the content before.
        limits: bounds on what is read.
    """
    try:
        pairs = Pairs(lines, at, count, position)
        known = pairs.known
        headers, pads = _headers(pairs, padding)
        members = read_headers(headers, limits, engine=True)
        known &= members.good
        contents = np.where(known, members.sizes, 0)
        names = pairs.read_files(contents)
    except ValueError:
        return [count]
    good = known & _named(lines, names[:2], members)
    good[1:] &= known[:-1] & (pads[1:] == -contents[:-1] % BLOCK)
    paths = members.paths.text.decode("utf-8", "surrogateescape").split("\n")[1:-1]
    if not good.all():
        paths = [path for path, fine in zip(paths, good.tolist(), strict=True) if fine]
    if len(set(paths)) < len(paths):
        return [count]
    columns: list[Column] = [
        *(members.kinds, contents, names[2], members.modes, members.uids, members.gids, members.mtimes_ns),
        *(members.marks, pairs.spans + contents, pairs.stops),
    ]
    links, devices = members.links, members.devices
    if len(paths) < count:
        columns = [column[good] for column in columns]
        places = {item: place for place, item in enumerate(np.flatnonzero(good).tolist())}
        links, devices = _moved(links, places), _moved(devices, places)
    return _pieces(Entries(paths, links, devices, members.sets, pairs.raw, *columns), good)


def _headers(pairs: Pairs, padding: int) -> tuple[Headers, Column]:
    """Return where the headers in segments lie, and the padding before them; tell segments they do not fill."""
    data, own = np.frombuffer(pairs.raw, np.uint8), pairs.stops - BLOCK
    stated, plain = sizes(data, own)
    pads = np.concatenate(([padding], -stated[:-1] % BLOCK))
    at = np.where(pairs.known, pairs.stops - pairs.spans + pads, own)
    found, members = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for _ in range(EXTENSIONS):
        live = np.flatnonzero(at < own)
        if not len(live):
            break
        places = at[live]
        lengths, good = sizes(data, places)
        good &= CHAINED[data[places + 156]] == EXTENDED
        found.append(places[good])
        members.append(live[good])
        at[live] = np.where(good, places + BLOCK + lengths + -lengths % BLOCK, -1)
        at[live[~good]] = len(data)
    pairs.known &= plain & (at == own)
    extended, member = np.concatenate(found), np.concatenate(members)
    kept = np.flatnonzero(pairs.known[member])
    kept = kept[np.argsort(extended[kept])]
    return Headers(pairs.raw, own, extended[kept], member[kept]), pads


def _named(lines: Lines, names: tuple[Column, Column], members: Members) -> Column:
    """Tell which lines have the name that is in the header, as it is there and as it is in JSON."""
    text, (begins, stops) = lines.text, names
    data = np.frombuffer(text, np.uint8)
    good: Column = stops - begins == members.spelled
    begins = begins + 2 * ((data[begins] == DOT) & (data[begins + 1] == SLASH))
    stops = stops - (data[stops - 1] == SLASH)
    paths = [text[begin:stop] for begin, stop in zip(begins.tolist(), stops.tolist(), strict=True)]
    joined = b"\n".join((b"", *paths, b""))
    if joined == members.paths.text and _literal(joined):
        return good
    pairs = zip(paths, members.paths.text.split(b"\n")[1:-1], strict=True)
    good &= [path == other and _literal(path) for path, other in pairs]
    return good


def _moved(facts: Mapping[int, Fact], places: Mapping[int, int]) -> dict[int, Fact]:
    """Return facts by item as facts by the place that an item has now; of items without one, none."""
    return {places[item]: fact for item, fact in facts.items() if item in places}


def _literal(text: bytes) -> bool:
    """Tell whether a name, or names each in a line, are in JSON as they are."""
    controls = int((np.frombuffer(text, np.uint8) < ord(" ")).sum())
    if controls > text.count(b"\n") or b'"' in text or b"\\" in text:
        return False
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _pieces(entries: Entries, good: Column) -> list[Entries | int]:
    """Cut columns, which only the good ones of some entries have, where others lie between."""
    found: list[Entries | int] = []
    others = start = 0
    bounds = np.flatnonzero(np.diff(good, prepend=~good[:1], append=~good[-1:])).tolist()
    for begin, stop in pairwise(bounds):
        count = stop - begin
        usual = bool(good[begin])
        if usual and count >= FEWEST:
            if others:
                found.append(others)
                others = 0
            found.append(entries if count == len(entries.paths) else entries.part(start, start + count))
        else:
            others += count
        start += count * usual
    if others:
        found.append(others)
    return found
