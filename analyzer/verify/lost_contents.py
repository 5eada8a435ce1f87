"""Contents of layer files that a copy left out: those of all files, or all bytes from one place on."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from analyzer.capture.answer import NotCaptured, Unknown
from analyzer.snapshot.content import FILE_CODE, DiffTable
from analyzer.source.checksum import ZEROED
from analyzer.verify import facts as facets
from analyzer.verify.facts import Difference, LayerFacts

NONE = Unknown("no file of any layer has a content: all were emptied, on the node or in a copy of it")
HEADS = NotCaptured("the copy kept the first bytes of each file")
SEVERAL = 2
"""Layers without a content, or files of one length, from which on a copy is meant."""


class LostContents:
    """What a copy left of the contents of all layers' files.

    Args:
        found: what comparing the layers gave.
        tables: the files of all layers of the bundle by member path of their diff directory.
    """

    def __init__(self, found: Collection[LayerFacts], tables: Mapping[str, DiffTable]) -> None:
        emptied = sum(facts.count(facets.EMPTIED, facets.ZEROED) > 0 for facts in found)
        self.none = emptied >= SEVERAL and not any(map(_has_content, tables.values()))
        cut = [each for facts in found for each in facts.of(facets.SIZE)]
        self.longest = max((max(table.sizes, default=0) for table in tables.values()), default=0) if cut else 0
        self.heads = len(cut) >= SEVERAL and all(map(self._head, cut))

    def answer(self, each: Difference) -> NotCaptured | Unknown | None:
        """Answer for a content; None where it is the store's."""
        if self.none and each.facet in (facets.EMPTIED, facets.ZEROED):
            return NONE
        return HEADS if self.heads and each.facet in (facets.SIZE, facets.ZEROED) and self._head(each) else None

    def _head(self, each: Difference) -> bool:
        """Tell whether a file is as long as the longest of all, and was longer."""
        return each.observed.partition(",")[0] == f"{self.longest} bytes" and each.size > self.longest


def _has_content(table: DiffTable) -> bool:
    columns = zip(table.kinds, table.sizes, table.flags, strict=True)
    return any(kind == FILE_CODE and size and not flags & ZEROED for kind, size, flags in columns)
