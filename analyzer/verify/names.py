"""Names that layers lack or have too many: which of them a copy or a capture explains."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from analyzer.capture.patterns import patterns
from analyzer.snapshot.content import FILE_CODE, DiffTable
from analyzer.source.member import DIRECTORY
from analyzer.verify.facts import MISSING, PLANTED, Difference, LayerFacts

PORTABLE = re.compile(r"[A-Za-z0-9._-]{1,99}")
"""Names that every archive and file system holds as they are."""
LONE = "no other layer lacks any, and no pattern of names fits them"
SEVERAL = 2
"""Layers without a loss, and files lost in one, from which on the one stands out."""


class Names:
    """Names that directories of one layer lack, and those that they have too many, by directory.

    A copy writes a name anew that its archive or file system cannot hold: another case, or other characters. Two
    names of plain letters that differ in more are no copy's work.

    Args:
        facts: of the layer.
        planted: paths that any layer has too many.
    """

    def __init__(self, facts: LayerFacts, planted: AbstractSet[str]) -> None:
        self.missing = _by_directory(facts.of(MISSING))
        self.foreign = _by_directory(facts.of(PLANTED))
        self.moved = _moved(facts.of(MISSING), planted)

    def written_anew(self, path: str) -> bool:
        """Tell whether a name too many may be what a copy made of one that its directory lacks."""
        folder, _, name = path.rpartition("/")
        return any(_may_become(old, name) for old in self.missing.get(folder, ()))

    def renamed(self, path: str) -> bool:
        """Tell whether a name that its directory lacks became another one there, which no copy made of it."""
        folder, _, name = path.rpartition("/")
        others = self.foreign.get(folder, ())
        return bool(others) and not any(_may_become(name, other) for other in others)


def lone(found: Mapping[str, LayerFacts], tables: Mapping[str, DiffTable]) -> frozenset[str]:
    """Return the layers that alone lack several files, where no way of capturing leaves out just these.

    That is one layer, if no pattern of names tells its lost files from those that are there; and each of a few that
    have all their directories and no file. A capture leaves files out by a pattern of names, or takes all of a layer.
    """
    lacking = [facts for facts in found.values() if facts.count(MISSING)]
    whole = sum(facts.compared > 0 and not facts.count(MISSING) for facts in found.values())
    if not lacking or whole < max(SEVERAL, len(lacking)) or not all(each.compared or each.emptied for each in lacking):
        return frozenset()
    lost = sum(facts.count(MISSING) for facts in lacking)
    if lost >= SEVERAL and all(_hollow(facts, tables.get(facts.diff)) for facts in lacking):
        return frozenset(facts.record.id for facts in lacking)
    if len(lacking) > 1:
        return frozenset()
    absent = [each.path for each in lacking[0].of(MISSING)]
    if (
        not lacking[0].compared
        or len(absent) < SEVERAL
        or patterns(absent, lambda: (name for each in tables.values() for name in each.names))
    ):
        return frozenset()
    return frozenset([lacking[0].record.id])


def _hollow(facts: LayerFacts, table: DiffTable | None) -> bool:
    """Tell whether a layer has all its directories and no file."""
    bare = facts.emptied or (table is not None and len(table) > 0 and FILE_CODE not in table.kinds)
    return bare and all(each.kind != DIRECTORY for each in facts.of(MISSING))


def _moved(missing: Iterable[Difference], planted: AbstractSet[str]) -> frozenset[str]:
    """Return all that a layer lacks where another one has most of its files instead: a capture moves none."""
    kinds = {each.path: each.kind for each in missing}
    files = {path for path, kind in kinds.items() if kind != DIRECTORY}
    there = len(files & planted)
    return frozenset(kinds) if there >= SEVERAL and 2 * there >= len(files) else frozenset()


def _by_directory(differences: Iterable[Difference]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in differences:
        folder, _, name = each.path.rpartition("/")
        found.setdefault(folder, []).append(name)
    return found


def _may_become(old: str, new: str) -> bool:
    return old.casefold() == new.casefold() or not PORTABLE.fullmatch(old)
