"""Say in one line what a mass change of modes or owners was."""

from __future__ import annotations

from analyzer.verify.facts import MODE, LayerFacts, mode_in

ALL = 0o7777


def pattern(facts: LayerFacts, facet: str) -> str:
    """Return what all changes of one facet have in common, else the most frequent one; `""` when there is only one."""
    pairs = {key[1:]: count for key, count in facts.patterns.items() if key[0] == facet}
    total = sum(pairs.values())
    if total < 2:
        return ""
    if len(pairs) == 1:
        ((expected, observed),) = pairs
        return f"each from {expected} to {observed}"
    ends = {observed for _, observed in pairs}
    if len(ends) == 1:
        return f"all to {ends.pop()}"
    if facet == MODE and (mask := _mask([(mode_in(a), mode_in(b)) for a, b in pairs])):
        return mask
    (expected, observed), most = max(pairs.items(), key=lambda item: (item[1], item[0]))
    return f"{most} from {expected} to {observed}"


def _mask(pairs: list[tuple[int, int]]) -> str:
    """Return the bits that were set or cleared everywhere, where one such mask explains every change."""
    added = removed = 0
    for old, new in pairs:
        added |= new & ~old
        removed |= old & ~new
    if any(new != (old | added) & ~removed & ALL for old, new in pairs):
        return ""
    parts = [f"bits {added:04o} set"] if added else []
    parts += [f"bits {removed:04o} cleared"] if removed else []
    return " and ".join(parts)
