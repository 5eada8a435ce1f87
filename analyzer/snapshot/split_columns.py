"""Read many entries of a tar-split at once, those of the usual form: the raw headers are rows of one table (numpy).

Usual is a file, directory or symlink in one header of plain numbers, with a checksum that holds and a clean name, that
says what its line says. What this gives, `TarSplit.entries` would give too, entry by entry.
"""

from __future__ import annotations

from itertools import compress, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.snapshot.split_text import Pairs
from analyzer.snapshot.tar_entry import TarEntry
from analyzer.source.member import BATCH_KINDS, DIRECTORY, SYMLINK
from analyzer.source.tar.columns import DOT, NEWLINE, SLASH, numbers, rows_of, sound
from analyzer.source.tar.entry import NANO
from analyzer.source.tar.header import BLOCK
from analyzer.source.tar.header_columns import ITEMS
from analyzer.source.tar.paths import all_clean, clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.snapshot.split_text import Lines
    from analyzer.source.tar.columns import Column

NAME = 100
PREFIX, PREFIX_END = 345, 500
UP_TO = np.tri(NAME + 1, NAME, -1, np.uint8) * np.uint8(255)
"""The first bytes of a name, by their count."""
DIRECTORY_ITEM, SYMLINK_ITEM = BATCH_KINDS.index(DIRECTORY), BATCH_KINDS.index(SYMLINK)
FEWEST = 8
"""Entries that are worth columns."""


class Entries(NamedTuple):
    """Consecutive entries of a layer tar, in columns; item i of each is one entry.

    Attributes:
        paths, sizes, crcs, modes, uids, gids: as in `Recorded`.
        links: targets of the symlinks, by item.
        kinds: codes, index into `BATCH_KINDS`.
        seconds: modification times in Unix seconds.
        spans: bytes of the layer tar that each is, with what lies before it.
        raw, stops: memory that holds the headers, with the padding before each, and where in it each stops.
    """

    paths: list[str]
    links: dict[int, str]
    raw: bytes
    kinds: Column
    sizes: Column
    crcs: Column
    modes: Column
    uids: Column
    gids: Column
    seconds: Column
    spans: Column
    stops: Column

    def entry(self, item: int) -> TarEntry:
        """Return one entry by itself."""
        return TarEntry(
            self.paths[item],
            BATCH_KINDS[self.kinds[item]],
            int(self.sizes[item]),
            None if self.kinds[item] == SYMLINK_ITEM else int(self.crcs[item]),
            int(self.modes[item]),
            int(self.uids[item]),
            int(self.gids[item]),
            int(self.seconds[item]) * NANO,
            self.links.get(item, ""),
        )

    def headers(self) -> Iterator[memoryview]:
        """Yield the bytes of the layer tar before each content: the padding of the one before it, and a header."""
        raw, starts = memoryview(self.raw), self.stops - self.spans + self.sizes
        return (raw[start:stop] for start, stop in zip(starts.tolist(), self.stops.tolist(), strict=True))

    def part(self, start: int, stop: int) -> Entries:
        """Return the entries from `start` up to `stop`."""
        span = slice(start, stop)
        links = {item - start: link for item, link in self.links.items() if start <= item < stop}
        return Entries(self.paths[span], links, self.raw, *(column[span] for column in self[3:]))

    def each(self) -> Iterator[TarEntry]:
        """Yield every entry by itself."""
        return map(self.entry, range(len(self.paths)))


def usual_entries(lines: Lines, at: int, count: int, position: int, padding: int) -> list[Entries | int]:
    """Return what consecutive lines of a tar-split are: columns of usual entries, or a count of those that are not.

    Args:
        lines: all lines.
        at: the first of them, from which on a segment and a file take turns.
        count: how many such pairs there are; the segments hold all between one content and the next.
        position: what the first line should have.
        padding: bytes of the first segment that belong to the content before.
    """
    try:
        pairs = Pairs(lines, at, count, position)
        headers, known = pairs.headers, pairs.known
        values, plain = numbers(headers.ravel(), np.arange(count) * BLOCK)
        known &= plain
        sizes = np.where(known, values[3], 0)
        begins, stops, crcs = pairs.read_files(sizes)
    except ValueError:
        return [count]
    pads = np.concatenate(([padding], -sizes[:-1] % BLOCK))
    kinds = ITEMS[headers[:, 156]]
    good = known & (pairs.spans == pads + BLOCK) & sound(headers.ravel(), np.arange(count) * BLOCK) & (kinds < 3)
    good[1:] &= known[:-1]
    good &= _named(headers, lines, begins, stops)
    folders = kinds == DIRECTORY_ITEM
    good &= (np.frombuffer(lines.text, np.uint8)[stops - 1] == SLASH) == folders
    paths = _paths(headers, stops - begins, folders, good)
    if len(set(paths)) < len(paths):
        return [count]
    modes, uids, gids, _, seconds = values
    columns: list[Column] = [kinds, sizes, crcs, modes & 0o7777, uids, gids, seconds, pairs.spans + sizes, pairs.stops]
    if len(paths) < count:
        headers, columns = headers[good], [column[good] for column in columns]
    links = {
        item: headers[item, 157:257].tobytes().partition(b"\0")[0].decode("utf-8", "surrogateescape")
        for item in np.flatnonzero(columns[0] == SYMLINK_ITEM).tolist()
    }
    return _pieces(Entries(paths, links, pairs.raw, *columns), good)


def _named(headers: Column, lines: Lines, begins: Column, stops: Column) -> Column:
    """Tell which headers have the name that is in their line, in one field or split in two."""
    data, lengths = np.frombuffer(lines.text, np.uint8), stops - begins
    short = (lengths > 0) & (lengths < NAME) & (begins <= len(data) - NAME)
    names = rows_of(data, np.where(short, begins, 0), NAME) & UP_TO[np.where(short, lengths, 0)]
    same: Column = short & (headers[:, :NAME] == names).all(axis=1) & (headers[:, PREFIX] == 0)
    for item in np.flatnonzero(headers[:, PREFIX]).tolist():
        raw = headers[item].tobytes()
        if raw[257:263] == b"ustar\0":
            parts = (raw[PREFIX:PREFIX_END].partition(b"\0")[0], raw[:NAME].partition(b"\0")[0])
            same[item] = b"/".join(parts) == lines.text[begins[item] : stops[item]]
    return same


def _paths(headers: Column, lengths: Column, folders: Column, good: Column) -> list[str]:
    """Return the paths of good items; tell those that are not clean, or not as they are in JSON."""
    items = np.flatnonzero(good)
    if len(items) < len(good):
        headers, lengths, folders = headers[items], lengths[items], folders[items]
    joined = _names(headers, lengths, folders)
    if not (_literal(joined) and all_clean(joined)):
        paths = joined.split(b"\n")[1:-1]
        fits = [_literal(path) and clean(path) for path in paths]
        good[items] = fits
        joined = b"\n".join((b"", *compress(paths, fits), b""))
    return joined.decode().split("\n")[1:-1]


def _names(headers: Column, lengths: Column, folders: Column) -> bytes:
    """Return the path that each header names with a newline before it, and one behind all.

    `./` before a path is left out, and the slash that all directories have behind theirs.
    """
    prefixed = headers[:, PREFIX] > 0
    names = np.full((len(headers), NAME + 1), NEWLINE, np.uint8)
    names[:, :NAME] = headers[:, :NAME]
    slashed = np.flatnonzero(folders & ~prefixed)
    names[slashed, lengths[slashed] - 1] = 0
    names[(names[:, 0] == DOT) & (names[:, 1] == SLASH) & ~prefixed, :2] = 0
    if not prefixed.any():
        return b"\n" + names.tobytes().translate(None, b"\0")
    filled = prefixed[:, np.newaxis]
    names = np.concatenate((headers[:, PREFIX:PREFIX_END] * filled, filled * np.uint8(SLASH), names), axis=1)
    text = b"\n" + names.tobytes().translate(None, b"\0")
    return text.replace(b"/\n", b"\n").replace(b"\n./", b"\n")


def _literal(names: bytes) -> bool:
    """Tell whether names, each in a line, are in JSON as they are."""
    lines = names.count(b"\n")
    controls = int((np.frombuffer(names, np.uint8) < ord(" ")).sum())
    return controls == lines and b'"' not in names and b"\\" not in names


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
