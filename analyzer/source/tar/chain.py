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


def chain_of(data: Column, before: int, within: int) -> Chain | None:
    """Return the members whose headers lie wholly in memory, None where none starts there.

    Args:
        data: the memory.
        before: the byte of it before which they start.
        within: the byte of it, or behind it, before which they end.
    """
    blocks = data[: len(data) // BLOCK * BLOCK].reshape(-1, BLOCK)
    rows = find_headers(blocks)
    if not len(rows) or rows[0]:
        return None
    lengths, _ = sizes(data, rows * BLOCK)
    leads = CHAINED[blocks[rows, 156]]
    lengths[leads == BODILESS] = 0
    nexts = rows + 1 + (lengths + BLOCK - 1) // BLOCK
    if not (nexts[:-1] == rows[1:]).all():
        those = _linked(rows, nexts)
        rows, lengths, leads, nexts = rows[those], lengths[those], leads[those], nexts[those]
    extends = leads == EXTENDED
    own, extended, ends = rows[~extends], rows[extends], nexts[~extends]
    begins = np.concatenate((rows[:1], ends[:-1]))
    count = min(int(np.searchsorted(begins * BLOCK, before)), int(np.searchsorted(ends * BLOCK, within, "right")))
    if not count:
        return None
    own = own[:count]
    extended = extended[: np.searchsorted(extended, own[-1])]
    member = np.searchsorted(own, extended)
    files, lengths = leads[~extends] == BODY, lengths[~extends]
    return Chain(begins[:count], own, extended, member, ends[:count], files[:count], lengths[:count])


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
