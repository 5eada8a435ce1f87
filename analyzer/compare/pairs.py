"""Which group of stores of one capture is which of the other."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.graph.relations import Relations
from analyzer.snapshot.store import Store

Pair = tuple["Relations | None", "Relations | None"]


def pairs(first: Sequence[Relations], second: Sequence[Relations]) -> list[Pair]:
    """Return groups that are the same place of the node, then those that only one capture holds.

    Captures may start at the host root, at `storage/` or inside it: roots are the same where one is the end of the
    other. The only group of one capture and the only one of the other are a pair in any case.
    """
    if len(first) == 1 and len(second) == 1:
        return [(first[0], second[0])]
    ranked = sorted(
        (score, sorted((_root(one), _root(other))), i, j)
        for i, one in enumerate(first)
        for j, other in enumerate(second)
        if (score := _distance(one, other)) is not None
    )
    left, right = dict(enumerate(first)), dict(enumerate(second))
    found: list[tuple[int, Relations, Relations]] = []
    for _, _, i, j in ranked:
        if i in left and j in right:
            found.append((i, left.pop(i), right.pop(j)))
    matched: list[Pair] = [(one, other) for _, one, other in sorted(found, key=lambda each: each[0])]
    return [*matched, *((one, None) for one in left.values()), *((None, other) for other in right.values())]


def lacking(rel: Relations, other: Relations | None) -> list[Store]:
    """Return the stores of a group that the same group of the other capture does not hold.

    A store that is not in a bundle may have been left out, as an additional store on another file system is.
    """
    if other is None:
        return list(rel.stores)
    return [store for store in rel.stores[1:] if not any(_same(store, each) for each in other.stores[1:])]


def _same(one: Store, other: Store) -> bool:
    mine, theirs = _parts(one.root), _parts(other.root)
    shared = max(min(len(mine), len(theirs)) - 1, 1)
    return one.driver == other.driver and mine[-shared:] == theirs[-shared:]


def _root(rel: Relations) -> str:
    return rel.stores[0].root


def _distance(one: Relations, other: Relations) -> tuple[bool, int] | None:
    """Return how unlike two groups are, None when they cannot be the same."""
    mine, theirs = _parts(_root(one)), _parts(_root(other))
    shared = min(len(mine), len(theirs))
    if shared and mine[-shared:] != theirs[-shared:]:
        return None
    return one.stores[0].driver != other.stores[0].driver, abs(len(mine) - len(theirs))


def _parts(root: str) -> list[str]:
    return [part for part in root.split("/") if part]
