"""Names that layers lack or have too many: which of them a copy or a capture explains."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from analyzer.capture.patterns import patterns
from analyzer.snapshot.content import DiffTable
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


def lone(found: Mapping[str, LayerFacts], tables: Mapping[str, DiffTable]) -> str:
    """Return the layer that alone lacks several files, whose names no pattern tells from those that are there.

    A capture leaves files out by a pattern of names, or takes all of a layer; `""` where one may have.
    """
    lacking = [facts for facts in found.values() if facts.count(MISSING)]
    whole = sum(facts.compared > 0 and not facts.count(MISSING) for facts in found.values())
    if len(lacking) != 1 or whole < SEVERAL or not lacking[0].compared:
        return ""
    absent = [each.path for each in lacking[0].of(MISSING)]
    if len(absent) < SEVERAL or patterns(absent, lambda: (name for each in tables.values() for name in each.names)):
        return ""
    return lacking[0].record.id


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
