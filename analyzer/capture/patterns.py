"""The simplest patterns that account for the names a capture left out: what an `--exclude` or a size bound would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

MOST = 3
"""Patterns that are named."""
SHARE = 0.8
"""Part of all names that they must account for, or none is named."""


def patterns(absent: Sequence[str], present: Callable[[], Iterable[str]]) -> list[str]:
    """Return patterns that fit most of the absent names and none of the others, the widest first; empty for none.

    Args:
        absent: paths that are not in the bundle.
        present: gives those that are; asked once.
    """
    left = list(absent)
    counts = Counter(each for path in left for each in set(_candidates(path)))
    wanted = {each for each, count in counts.items() if count > 1 or len(left) == 1}
    for path in present():
        if wanted:
            wanted.difference_update(_candidates(path))
    found: list[str] = []
    while left and wanted and len(found) < MOST:
        counts = Counter(each for path in left for each in set(_candidates(path)) & wanted)
        if not counts:
            break
        best = min(counts, key=lambda each: (-counts[each], len(each), each))
        found.append(best)
        left = [path for path in left if best not in _candidates(path)]
    return found if len(left) <= (1 - SHARE) * len(absent) else []


def _candidates(path: str) -> Iterator[str]:
    """Yield the patterns that match a path: a name anywhere, what lies below one, an ending, a first character."""
    parts = path.split("/")
    for part in parts:
        yield part
    for part in parts[:-1]:
        yield f"*/{part}/*"
    last = parts[-1]
    stem, dot, ending = last.rpartition(".")
    if dot and stem and ending:
        yield f"*.{ending}"
    if last[:1] in (".", "=", "#", "_"):
        yield f"{last[0]}*"
