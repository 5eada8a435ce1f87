"""Targets of symlinks that the capture rewrote.

GNU tar's `--transform` and bsdtar's `-s` change the targets of links like names unless told otherwise; rsync munges
them. Where one such change explains the links of the whole bundle, it is undone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

FIELD = 100
"""Bytes of a link's target in a ustar header; GNU tar warns and writes what fits."""
OTHER = ("?", "?")


def rewriting(pairs: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """Return (text taken off the front, text put there) where one change explains every rewritten target.

    Args:
        pairs: targets as they should be and as found, of links that differ.
    """
    changes: Counter[tuple[str, str]] = Counter()
    for wanted, found in pairs:
        change = _change(wanted, found)
        changes[change if change != OTHER else _without_end(wanted, found)] += 1
    if len(changes) == 1:
        ((change, count),) = changes.items()
        if count > 1:
            return change
    return None


def of_front(wanted: str, found: str) -> bool:
    """Tell whether one target became the other by a change of its front alone, as such a rule makes."""
    return _change(wanted, found) != OTHER


def cut_target(wanted: str, found: str) -> bool:
    """Tell whether a target is what the header of a ustar archive holds of a longer one."""
    whole, part = wanted.encode("utf-8", "surrogateescape"), found.encode("utf-8", "surrogateescape")
    return len(part) == FIELD < len(whole) and whole.startswith(part)


def _without_end(wanted: str, found: str) -> tuple[str, str]:
    """Return two targets without the parts of a path that end both of them."""
    one, other = wanted.split("/"), found.split("/")
    while len(one) > 1 and len(other) > 1 and one[-1] == other[-1]:
        del one[-1], other[-1]
    return "/".join(one), "/".join(other)


def _change(wanted: str, found: str) -> tuple[str, str]:
    """Return what was taken from the front of a target and what was put there; `OTHER` for another change."""
    if found.endswith(wanted):
        return "", found[: len(found) - len(wanted)]
    if wanted.endswith(found) and found:
        return wanted[: len(wanted) - len(found)], ""
    if wanted.startswith("/") and found.endswith(wanted[1:]):
        return "/", found[: len(found) - len(wanted) + 1]
    return OTHER
