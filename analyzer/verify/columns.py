"""Match many entries of a layer tar with the rows of a diff table at once (numpy)."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from analyzer.snapshot.content import DIRECTORY_CODE, FILE_CODE, NO_DEVICE, NO_XATTRS, DiffTable
from analyzer.snapshot.symlink_rows import SYMLINK_CODE
from analyzer.snapshot.times import SECOND
from analyzer.source.checksum import HAS_CRC
from analyzer.source.member import BATCH_KINDS, DIRECTORY, FILE
from analyzer.verify.facts import is_whiteout
from analyzer.verify.id_maps import ANY, Ids

if TYPE_CHECKING:
    from analyzer.snapshot.split_columns import Entries
    from analyzer.source.tar.columns import Column

UNMARKED = (NO_DEVICE, NO_XATTRS, "")
"""What else is known of a symlink without attributes."""
FILE_ITEM, DIRECTORY_ITEM = BATCH_KINDS.index(FILE), BATCH_KINDS.index(DIRECTORY)


class Matcher:
    """The columns of one diff table, ready to be compared.

    Args:
        table: the files as found.
        uids, gids: owners on disk by owner in the image.
        matched: a byte for each row, set to 1 for those that an entry is matched with.
    """

    def __init__(self, table: DiffTable, uids: Ids, gids: Ids, matched: bytearray) -> None:
        self._table = table
        self._ids = (uids, gids)
        self._matched = np.frombuffer(matched, np.uint8)
        self._plain = np.ones(len(table), np.bool_)
        self._plain[list(table.extra)] = False
        self._kinds = _view(table.kinds, np.uint8)
        self._summed = (_view(table.flags, np.uint8) & HAS_CRC) > 0
        self._modes = _view(table.modes, np.uint16)
        self._owners = (_view(table.uids, np.uint64), _view(table.gids, np.uint64))
        self._sizes = _view(table.sizes, np.int64)
        self._mtimes = _view(table.mtimes, np.int64)
        self._crcs = _view(table.crcs, np.uint64)

    def match(self, group: Entries) -> tuple[list[tuple[int, int]], int]:
        """Return (item, row or -1) of the entries that are not as recorded, and verified bytes of content."""
        index = self._table.index
        rows = np.fromiter(map(index.get, group.paths, repeat(-1)), np.int64, len(group.paths))
        own = self._table.names  # which are there once more in what was read: each path need not be held twice
        group.paths[:] = [own[row] if row >= 0 else path for row, path in zip(rows.tolist(), group.paths, strict=True)]
        there = rows >= 0
        if not there.any():
            return list(zip(range(len(rows)), rows.tolist(), strict=True)), 0
        at = np.where(there, rows, 0)
        self._matched[at[there]] = 1
        kinds = self._kinds[at]
        files = (group.kinds == FILE_ITEM) & (kinds == FILE_CODE)
        files &= (self._sizes[at] == group.sizes) & (self._crcs[at] == group.crcs) & self._summed[at]
        files &= self._mtimes[at] // SECOND == group.mtimes_ns // SECOND
        same = files | ((group.kinds == DIRECTORY_ITEM) & (kinds == DIRECTORY_CODE))
        same &= self._plain[at] & (self._modes[at] == group.modes)
        for item, link in group.links.items():
            same[item] = group.kinds[item] == kinds[item] == SYMLINK_CODE and self._table.extra.get(int(at[item])) == (
                link,
                *UNMARKED,
            )
        same &= there & (group.marks == 0)
        for owners, ids, wanted in zip(self._owners, self._ids, (group.uids, group.gids), strict=True):
            same &= _owned(owners[at], ids, wanted)
        other = np.flatnonzero(~same)
        verified = int(group.sizes[same & files].sum())
        return list(zip(other.tolist(), rows[other].tolist(), strict=True)), verified


def note_owners(known: tuple[set[int], set[int]], group: Entries) -> None:
    """Add the owners of a group's entries that are no whiteouts to those known so far."""
    for seen, column in zip(known, (group.uids, group.gids), strict=True):
        first = int(column[0])
        if first in seen and (column == first).all():
            continue
        for owner in set(column.tolist()):
            items = () if owner in seen else np.flatnonzero(column == owner).tolist()
            if any(not is_whiteout(group.paths[item]) for item in items):
                seen.add(owner)


def _owned(owners: Column, ids: Ids, wanted: Column) -> Column:
    """Tell which owners are those that ids of the image become, or cannot be foretold."""
    if (wanted == wanted[0]).all():
        only = ids[int(wanted[0])]
        return np.full(len(owners), True) if only == ANY else owners == np.uint64(only)
    values, places = np.unique(wanted, return_inverse=True)
    expected: Column = np.array([ids[value] for value in values.tolist()], np.int64)[places]
    same: Column = (expected == ANY) | (owners == expected.astype(np.uint64))
    return same


def _view(column: object, kind: type) -> Column:
    """Return a column of a table without copying it."""
    return np.frombuffer(column, kind) if len(column) else np.zeros(0, kind)  # type: ignore[arg-type,call-overload]
