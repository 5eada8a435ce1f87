"""Hold the things of one kind in both captures against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from analyzer.compare.model import CHANGED, GONE, NEW, NOT_SEEN, SAME, A, B, Change, ComparedItem, Fact

Reason = Callable[[ComparedItem], str]


def match(
    kind: str,
    before: Mapping[str, ComparedItem],
    after: Mapping[str, ComparedItem],
    unseen: tuple[Reason, Reason],
    store: str = "",
) -> Iterator[Change]:
    """Yield one change per thing.

    Args:
        kind: of the things.
        before: things of the first capture by key.
        after: things of the second capture by key.
        unseen: tells of a thing why its absence from the first and from the second capture proves nothing, `""` where
            it does.
        store: the graph root they belong to.
    """
    for key, item in before.items():
        other = after.get(key)
        if other is None:
            yield absent(kind, item, B, unseen[1](item), store)
            continue
        facts = tuple(differing(item.facts, other.facts))
        yield Change(kind, CHANGED if facts else SAME, item, other, store, facts)
    for key, item in after.items():
        if key not in before:
            yield absent(kind, item, A, unseen[0](item), store)


def absent(kind: str, item: ComparedItem, side: str, why: str, store: str = "") -> Change:
    """Return a thing that one capture lacks: gone or new, or not seen where there is a reason."""
    before, after = (item, None) if side == B else (None, item)
    if why:
        return Change(kind, NOT_SEEN, before, after, store, unseen=side, because=why)
    return Change(kind, GONE if side == B else NEW, before, after, store)


def differing(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> Iterator[Fact]:
    """Yield values that both captures tell and that differ."""
    for name, value in before.items():
        other = after.get(name)
        if value is not None and other is not None and value != other:
            yield Fact(name, value, other)


def keyed(items: Iterable[ComparedItem]) -> dict[str, ComparedItem]:
    """Return items by key; the first of a key counts, as in the engine."""
    found: dict[str, ComparedItem] = {}
    for item in items:
        found.setdefault(item.key, item)
    return found
