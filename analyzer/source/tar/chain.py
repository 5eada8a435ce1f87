"""Find the members that lie one behind the other in a piece of memory, from the sizes in their headers (numpy)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.source.tar.columns import BODILESS, BODY, CHAINED, EXTENDED, find_headers, sizes
from analyzer.source.tar.header import BLOCK

if TYPE_CHECKING:
    from analyzer.source.tar.columns import Column


class Chain(NamedTuple):
    """Consecutive members from the first block on; all places are counted in blocks.

    Attributes:
        begins: where each member starts.
        own: where each member's own header is.
        extended: where the extended headers before any of them are, and `member` the item each belongs to.
        ends: where each member ends; that of the last may lie behind the memory.
        files: which have a content, and `sizes` its bytes.
    """

    begins: Column
    own: Column
    extended: Column
    member: Column
    ends: Column
    files: Column
    sizes: Column

    @property
    def headers(self) -> Column:
        """Return how many blocks the headers of each member take."""
        return self.own + 1 - self.begins

    def part(self, count: int) -> Chain:
        """Return the first members."""
        before = int(np.searchsorted(self.member, count))
        begins, own, extended, member, *others = self
        return Chain(
            begins[:count], own[:count], extended[:before], member[:before], *(each[:count] for each in others)
        )


def chain_of(data: Column) -> Chain | None:
    """Return the members whose headers lie wholly in memory of whole blocks, None where none starts there."""
    rows = find_headers(data.reshape(-1, BLOCK))
    if not len(rows) or rows[0]:
        return None
    lengths, _ = sizes(data, rows * BLOCK)
    leads = CHAINED[data[rows * BLOCK + 156]]
    lengths[leads == BODILESS] = 0
    nexts = rows + 1 + (lengths + BLOCK - 1) // BLOCK
    if not (nexts[:-1] == rows[1:]).all():
        those = _linked(rows, nexts)
        rows, lengths, leads, nexts = rows[those], lengths[those], leads[those], nexts[those]
    before = leads == EXTENDED
    own, extended = rows[~before], rows[before]
    if not len(own):
        return None
    member = np.searchsorted(own, extended)
    whole = int(np.searchsorted(member, len(own)))
    ends = nexts[~before]
    begins = np.concatenate((rows[:1], ends[:-1]))
    files = leads[~before] == BODY
    return Chain(begins, own, extended[:whole], member[:whole], ends, files, lengths[~before])


def _linked(rows: Column, nexts: Column) -> Column:
    """Return the items that each lead to the next: others lie in contents."""
    breaks = np.flatnonzero(nexts[:-1] != rows[1:])
    found, first = [], 0
    while True:
        at = int(np.searchsorted(breaks, first))
        last = int(breaks[at]) if at < len(breaks) else len(rows) - 1
        found.append(np.arange(first, last + 1))
        first = int(np.searchsorted(rows, nexts[last]))
        if first == len(rows) or rows[first] != nexts[last]:
            return np.concatenate(found)
