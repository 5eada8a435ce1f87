"""Read many entries of a tar-split at once, those of the usual form: the raw headers are rows of one table (numpy).

Usual is a file, directory or symlink in one header of plain numbers, with a checksum that holds and a clean name, that
says what its line says. What this gives, `TarSplit.entries` would give too, entry by entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.snapshot.recorded import Recorded
from analyzer.source.columns import CODES, all_clean, clean, numbers, rows_of, sound
from analyzer.source.entry import NANO
from analyzer.source.header import BLOCK
from analyzer.source.member import RUN_KINDS, SYMLINK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analyzer.snapshot.tar_split import Line
    from analyzer.source.columns import Column

NAME = 100
CRC = 8
NO_CRC = bytes(CRC)
SYMLINK_ITEM = RUN_KINDS.index(SYMLINK)
FEWEST = 8
"""Entries that are worth columns."""


class Entries(NamedTuple):
    """Consecutive entries of a layer tar, in columns; item i of each is one entry.

    Attributes:
        paths, sizes, crcs, modes, uids, gids: as in `Recorded`.
        kinds: codes, index into `RUN_KINDS`.
        seconds: modification times in Unix seconds.
        links: targets of the symlinks, by item.
        spans: bytes of the layer tar that each is, with what lies before it.
    """

    paths: list[str]
    kinds: Column
    sizes: Column
    crcs: Column
    modes: Column
    uids: Column
    gids: Column
    seconds: Column
    links: dict[int, str]
    spans: Column

    def entry(self, item: int) -> Recorded:
        """Return one entry by itself."""
        return Recorded(
            self.paths[item],
            RUN_KINDS[self.kinds[item]],
            int(self.sizes[item]),
            None if self.kinds[item] == SYMLINK_ITEM else int(self.crcs[item]),
            int(self.modes[item]),
            int(self.uids[item]),
            int(self.gids[item]),
            int(self.seconds[item]) * NANO,
            self.links.get(item, ""),
        )

    def part(self, start: int, stop: int) -> Entries:
        """Return the entries from `start` up to `stop`."""
        span = slice(start, stop)
        return Entries(
            self.paths[span],
            self.kinds[span],
            self.sizes[span],
            self.crcs[span],
            self.modes[span],
            self.uids[span],
            self.gids[span],
            self.seconds[span],
            {item - start: link for item, link in self.links.items() if start <= item < stop},
            self.spans[span],
        )

    def each(self) -> Iterator[Recorded]:
        """Yield every entry by itself."""
        return map(self.entry, range(len(self.paths)))


def usual_entries(lines: Sequence[Line], padding: int) -> list[Entries | None]:
    """Return what consecutive lines of a tar-split are: columns of usual entries, None for an entry that is not usual.

    Args:
        lines: a segment line and a file line in turn; the segments hold all between one content and the next.
        padding: bytes of the first segment that belong to the content before.
    """
    segments, files = lines[0::2], lines[1::2]
    paths = [file.name for file in files]
    names, dotted = _encoded(paths)
    payloads = [file.payload for file in files]
    raw = [segment.payload or b"" for segment in segments]
    try:
        sizes = np.fromiter([file.size for file in files], np.int64)
    except OverflowError:
        return [None] * len(files)
    pads = np.concatenate(([padding], -sizes[:-1] % BLOCK))
    spans = np.fromiter(map(len, raw), np.int64)
    sums = np.fromiter([-1 if payload is None else len(payload) for payload in payloads], np.int64)
    if not ((sums == CRC) | (sums < 0)).all():
        payloads = [payload if payload and len(payload) == CRC else None for payload in payloads]
    good = (spans == pads + BLOCK) & (sums == np.where(sizes > 0, CRC, -1)) & (sizes >= 0)
    raw_names = [file.name_raw for file in files]
    if raw_names.count(None) < len(raw_names):
        good &= np.fromiter([name is None for name in raw_names], np.bool_)
    text = np.frombuffer(b"".join((bytes(BLOCK), *raw)), np.uint8)
    headers = rows_of(text, np.cumsum(spans), BLOCK)
    kinds = CODES[headers[:, 156]]
    every = np.arange(len(headers))
    values, plain = numbers(headers, every)
    good &= plain & sound(headers, every) & (kinds < 3) & (values[3] == sizes) & _named(headers, names)
    stems = names
    if dotted:
        paths = [path.removeprefix("./") for path in paths]
        stems = [name.removeprefix(b"./") for name in names]
    for item in np.flatnonzero(kinds == 1).tolist():
        if paths[item][-1:] == "/":
            paths[item], stems[item] = paths[item][:-1], stems[item][:-1]
        else:
            good[item] = False
    if not all_clean(b"\n".join((b"", *stems, b""))):
        good &= np.fromiter(map(clean, stems), np.bool_)
    crcs = np.frombuffer(b"".join([payload or NO_CRC for payload in payloads]), ">u8").astype(np.uint64)
    links = {
        item: headers[item, 157:257].tobytes().partition(b"\0")[0].decode("utf-8", "surrogateescape")
        for item in np.flatnonzero(kinds == SYMLINK_ITEM).tolist()
    }
    modes, uids, gids, _, seconds = values
    entries = Entries(paths, kinds, sizes, crcs, modes & 0o7777, uids, gids, seconds, links, spans + sizes)
    return _pieces(entries, good)


def _encoded(names: Sequence[str]) -> tuple[list[bytes], bool]:
    """Return names as bytes of UTF-8, and whether any of them may begin with `./`."""
    text = "\n".join(("", *names))
    lines = text.encode("utf-8", "surrogatepass").split(b"\n")[1:]
    if len(lines) != len(names):
        lines = [name.encode("utf-8", "surrogatepass") for name in names]
    return lines, "\n./" in text


def _named(headers: Column, names: Sequence[bytes]) -> Column:
    """Tell which headers have the name of their line, in one field or split in two."""
    short = np.fromiter(map(len, names), np.int64) < NAME
    same: Column = (headers[:, :NAME] == np.array(names, f"S{NAME}").view(np.uint8).reshape(-1, NAME)).all(axis=1)
    same &= short & (headers[:, 345] == 0)
    for item in np.flatnonzero(headers[:, 345]).tolist():
        raw = headers[item].tobytes()
        if raw[257:263] == b"ustar\0":
            parts = (raw[345:500].partition(b"\0")[0], raw[:NAME].partition(b"\0")[0])
            same[item] = b"/".join(parts) == names[item]
    return same


def _pieces(entries: Entries, good: Column) -> list[Entries | None]:
    """Cut columns at the entries that are not usual; all are left to be read one by one where a path is there twice."""
    count = len(entries.paths)
    if len(set(entries.paths)) < count:
        return [None] * count
    found: list[Entries | None] = []
    start = 0
    for item in (*np.flatnonzero(~good).tolist(), count):
        if item - start >= FEWEST:
            found.append(entries.part(start, item))
        else:
            found += [None] * (item - start)
        if item < count:
            found.append(None)
        start = item + 1
    return found
