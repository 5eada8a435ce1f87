"""Read the headers of many members at once, in columns (numpy).

A member is read here when its own header is that of a file, directory, link, device or FIFO, before it are at most one
pax header and one GNU long name and link name, all checksums hold, all numbers are plain, and its path needs no
cleaning but of `./` before it and a slash behind it. All of this is tested for every member, as `reader` tests it.
Every other member is left to `reader`, which alone defines what an archive says: this module could be left out.

What is known of a member comes from the bytes at its place alone: whether a member starts there is for the caller to
know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from mmap import mmap
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.limits import Limits
from analyzer.source.member import BATCH_KINDS, CHAR, DIRECTORY, FILE, HARDLINK, SYMLINK
from analyzer.source.member import BLOCK as BLOCK_DEVICE
from analyzer.source.tar.columns import (
    BODILESS,
    CHAINED,
    DOT,
    LATEST,
    SLASH,
    numbers,
    rows_of,
    sizes,
    sound,
)
from analyzer.source.tar.entry import KINDS, NANO
from analyzer.source.tar.header import BLOCK, FieldError, clean_path, parse_number
from analyzer.source.tar.paths import Paths, all_clean, clean
from analyzer.source.tar.pax_columns import Attributes, PayloadColumns, read_payloads

if TYPE_CHECKING:
    from analyzer.source.tar.columns import Column

LONGEST = 4_096
"""Longest path and link target that are read here."""
NAME = 100
"""Bytes of the fields of a path and a link target."""
TARGET = 157
MAGIC, MAGIC_END = 257, 263
MAJOR, MINOR, PREFIX, PREFIX_END = 329, 337, 345, 500
PAX, LONG_NAME, LONG_LINK = b"xLK"
ITEMS = np.array(
    [BATCH_KINDS.index(KINDS[code]) if code in KINDS and CHAINED[code] else 255 for code in range(256)], np.uint8
)
"""Index into `BATCH_KINDS` by type byte, 255 for all that are in no batch."""
FILE_ITEM, DIRECTORY_ITEM, SYMLINK_ITEM, HARDLINK_ITEM = map(BATCH_KINDS.index, (FILE, DIRECTORY, SYMLINK, HARDLINK))
DEVICE_ITEMS = tuple(map(BATCH_KINDS.index, (CHAR, BLOCK_DEVICE)))
OWN_TIME, OWN_USER, OWN_GROUP = np.array([1, 2, 4], np.uint8)
NOTHING = b"?"
"""Stands for a path that is not read here."""


class Headers(NamedTuple):
    """Where the headers of consecutive members lie in memory.

    Attributes:
        memory: the memory.
        own: where each member's own header starts, which is behind its extended ones.
        extended: where each extended header starts, and `member` the item it belongs to.
    """

    memory: bytes | bytearray | mmap
    own: Column
    extended: Column
    member: Column


class Members(NamedTuple):
    """Consecutive members; item i of each column is one.

    Attributes:
        good: whether it was read; of one that was not, nothing else is known.
        paths, kinds, modes, uids, gids, sizes, mtimes_ns, marks, sets: as in `MemberBatch`.
        links: targets of symlinks and hard links, by item.
        devices: (major, minor) of device nodes, by item.
        spelled: bytes of each path as the headers have it, with what cleaning takes away.
        stated: which of `OWN_TIME`, `OWN_USER` and `OWN_GROUP` pax records of its own say.
    """

    good: Column
    paths: Paths
    kinds: Column
    modes: Column
    uids: Column
    gids: Column
    sizes: Column
    mtimes_ns: Column
    marks: Column
    sets: Sequence[Mapping[str, bytes]]
    links: Mapping[int, str]
    devices: Mapping[int, tuple[int, int]]
    spelled: Column
    stated: Column


def read_headers(headers: Headers, limits: Limits, *, engine: bool = False) -> Members:
    """Return the members whose headers lie at some places.

    Args:
        headers: the places.
        limits: bounds on what is read.
        engine: read attributes as the engines do (`pax.attribute`).
    """
    data, own = np.frombuffer(headers.memory, np.uint8), headers.own
    types = rows_of(data, own + 156, 1)[:, 0]
    values, good = numbers(data, own)
    good &= sound(data, own) & (ITEMS[types] < len(BATCH_KINDS))
    attributes = Attributes(engine=engine)
    names, links, said = _extended(headers, data, good, attributes, limits)
    bodiless = CHAINED[types] == BODILESS
    stored = np.where(bodiless, 0, values[3])
    good &= said.good & (values[4] <= LATEST) & (stored <= limits.total_bytes)
    good &= (said.size < 0) | (said.size == values[3])
    kinds = ITEMS[types]
    spans = _spans(data, own, NAME, names, (said.path, said.path_end))
    prefixed = np.flatnonzero((said.path < 0) & (names[0] < 0) & _prefixed(data, own))
    paths, spelled = _paths(headers, data, spans, prefixed, kinds == DIRECTORY_ITEM, good, min(limits.path, LONGEST))
    targets = _spans(data, own + TARGET, NAME, links, (said.link, said.link_end))
    devices = _devices(data, own, kinds, good)
    return Members(
        good,
        paths,
        kinds,
        (values[0] & 0o7777).astype(np.uint16),
        np.where(said.uid < 0, values[1], said.uid).astype(np.uint64),
        np.where(said.gid < 0, values[2], said.gid).astype(np.uint64),
        np.where(kinds == FILE_ITEM, stored, 0),
        np.where(said.mtime_ns < 0, values[4] * NANO, said.mtime_ns),
        said.marks,
        attributes.sets,
        _links(data, targets, kinds, good, limits),
        devices,
        spelled,
        (said.mtime_ns >= 0) * OWN_TIME | (said.uid >= 0) * OWN_USER | (said.gid >= 0) * OWN_GROUP,
    )


def _extended(
    headers: Headers, data: Column, good: Column, attributes: Attributes, limits: Limits
) -> tuple[tuple[Column, Column], tuple[Column, Column], PayloadColumns]:
    """Return where each member's GNU long name and link name lie (-1 for none), and what its pax records say."""
    at, member = headers.extended, headers.member
    count = len(headers.own)
    places = np.full((3, 2, count), -1, np.int64)
    if len(at):
        types = rows_of(data, at + 156, 1)[:, 0]
        lengths, plain = sizes(data, at)
        good[member[~(plain & sound(data, at) & (lengths <= limits.extended_header))]] = False
        for place, code in zip(places, (PAX, LONG_NAME, LONG_LINK), strict=True):
            those = np.flatnonzero(types == code)
            items = member[those]
            good[items[1:][items[1:] == items[:-1]]] = False
            place[0][items] = at[those] + BLOCK
            place[1][items] = np.minimum(at[those] + BLOCK + lengths[those], headers.own[items])
    pax, name, link = places
    for start, end in (name, link):
        those = np.flatnonzero(start >= 0)
        if len(those):
            good[those] &= (end[those] > start[those] + 1) & (data[end[those] - 1] == 0) & (data[start[those]] > 0)
            end[those] -= 1
    wanted = np.flatnonzero(pax[0] >= 0)
    # both at once would be worth a note, which `reader` gives
    good[wanted[name[0][wanted] >= 0]] = False
    read = read_payloads(data, pax[0][wanted], pax[1][wanted], attributes, limits.pax_records)
    if len(wanted) == count:
        return (name[0], name[1]), (link[0], link[1]), read
    said = PayloadColumns.nothing(count)
    for column, part in zip(said, read, strict=True):
        column[wanted] = part
    return (name[0], name[1]), (link[0], link[1]), said


def _spans(
    data: Column, field: Column, width: int, long: tuple[Column, Column], said: tuple[Column, Column]
) -> tuple[Column, Column]:
    """Return where a text lies that is in pax records, else in a GNU header, else in a field that ends at a NUL."""
    start = np.where(said[0] >= 0, said[0], long[0])
    end = np.where(said[0] >= 0, said[1], long[1])
    those = np.flatnonzero(start < 0)
    if len(those):
        ends = rows_of(data, field[those], width) == 0
        length = np.where(ends.any(axis=1), ends.argmax(axis=1), width)
        start[those] = field[those]
        end[those] = field[those] + length
    return start, end


def _prefixed(data: Column, own: Column) -> Column:
    """Tell which headers split a path in two as POSIX has it."""
    magic = rows_of(data, own + MAGIC, MAGIC_END - MAGIC)
    has: Column = (data[own + PREFIX] > 0) & (magic == np.frombuffer(b"ustar\0", np.uint8)).all(axis=1)
    return has


def _paths(
    headers: Headers,
    data: Column,
    spans: tuple[Column, Column],
    prefixed: Column,
    folders: Column,
    good: Column,
    longest: int,
) -> tuple[Paths, Column]:
    """Return the paths and the bytes of each as found; tell those that are long, empty, of two lines, or not clean."""
    starts, ends = spans
    begins = starts + 2 * ((data[starts] == DOT) & (data[starts + 1] == SLASH))
    stops = ends - (data[ends - 1] == SLASH)
    fine = (begins < stops) & (folders | (stops == ends)) & (stops - begins <= longest)
    fine[prefixed] = True
    good &= fine
    begins, stops = np.where(good, begins, 0), np.where(good, stops, 0)
    memory = headers.memory
    paths: list[bytes | bytearray] = [
        memory[begin:stop] for begin, stop in zip(begins.tolist(), stops.tolist(), strict=True)
    ]
    lengths, spelled = stops - begins, ends - starts
    for item in prefixed.tolist():
        at = int(headers.own[item])
        raw = _joined(bytes(memory[at : at + BLOCK]))
        path = raw.removeprefix(b"./")
        path = path[:-1] if folders[item] and path[-1:] == b"/" else path
        good[item] &= len(path) <= longest
        paths[item], lengths[item], spelled[item] = path, len(path), len(raw)
    for item in np.flatnonzero(~good).tolist():
        paths[item], lengths[item] = NOTHING, len(NOTHING)
    made = Paths.of(paths, lengths)
    if made.text.count(b"\n") == len(paths) + 1 and all_clean(made.text):
        return made, spelled
    for item, path in enumerate(map(bytes, paths)):
        if b"\n" in path or not clean(path):
            good[item], paths[item], lengths[item] = False, NOTHING, len(NOTHING)
    return Paths.of(paths, lengths), spelled


def _joined(header: bytes) -> bytes:
    """Return the path that a header has in two pieces."""
    prefix, name = (header[start:end].partition(b"\0")[0] for start, end in ((PREFIX, PREFIX_END), (0, NAME)))
    return prefix + b"/" + name


def _links(data: Column, targets: tuple[Column, Column], kinds: Column, good: Column, limits: Limits) -> dict[int, str]:
    """Return the targets of links; tell those that are long, or nothing."""
    linked = np.flatnonzero((kinds == SYMLINK_ITEM) | (kinds == HARDLINK_ITEM))
    starts, ends = targets[0][linked], targets[1][linked]
    good[linked[(ends - starts > LONGEST) | (ends <= starts)]] = False
    links, memory = {}, data.data
    for item, start, end in zip(linked.tolist(), starts.tolist(), ends.tolist(), strict=True):
        if good[item]:
            text = bytes(memory[start:end]).partition(b"\0")[0].decode("utf-8", "surrogateescape")
            links[item] = clean_path(text, limits.path)[0] if kinds[item] == HARDLINK_ITEM else text
    return links


def _devices(data: Column, own: Column, kinds: Column, good: Column) -> dict[int, tuple[int, int]]:
    """Return the numbers of device nodes; tell those that have none."""
    devices = {}
    memory = data.data
    for item in np.flatnonzero(np.isin(kinds, DEVICE_ITEMS) & good).tolist():
        at = int(own[item])
        try:
            devices[item] = (
                parse_number(bytes(memory[at + MAJOR : at + MINOR])),
                parse_number(bytes(memory[at + MINOR : at + PREFIX])),
            )
        except FieldError:
            good[item] = False
    return devices
