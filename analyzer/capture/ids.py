"""Owners that a capture changed: a header format could not hold the number, or a name stands for another elsewhere.

A number that does not fit is cut, or the entry is left out.

Source: busybox archival/tar.c (a number that does not fit keeps its low digits), POSIX cpio odc (6 octal digits),
libarchive's ustar writer (the largest number that fits; bsdtar leaves the entry out) and xar reader (0).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

WIDTHS = (24, 21, 18)
"""Bits of an owner field: 8, 7 and 6 octal digits."""
SIGNED = 31
OLDEST = 16
"""Bits of an owner in the oldest cpio. They make 65534 of 4294967294, as a copy that maps `nobody` by name does."""
NOBODY = 65534


def widths_of(pairs: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """Return the widths that owner fields may have had: the oldest cpio's where another owner than `nobody` proves it.

    Args:
        pairs: owners as they should be and as found.
    """
    low = (1 << OLDEST) - 1
    proved = any(recorded > low and found == recorded & low != NOBODY for recorded, found in pairs)
    return (*WIDTHS, OLDEST) if proved else WIDTHS


def cut_to_fit(recorded: int, found: int, largest: int, widths: Iterable[int] = WIDTHS) -> bool:
    """Tell whether an owner is what is left of the recorded one in a field that holds no owner of the bundle in full.

    One that takes the sign bit may be 0.

    Args:
        recorded: the owner as it should be.
        found: the owner in the bundle.
        largest: the largest owner anywhere in the bundle.
        widths: bits of owner fields.
    """
    for bits in widths:
        most = (1 << bits) - 1
        if recorded > most >= largest and found in (recorded & most, most):
            return True
    return not found and recorded >> SIGNED > 0 == largest >> SIGNED


def left_out_for(owner: int, largest: int) -> bool:
    """Tell whether entries of an owner may have been left out: no owner of the bundle needs the field that it needs.

    Args:
        owner: that the entries have on the node.
        largest: the largest owner anywhere in the bundle.
    """
    return any(owner > (1 << bits) - 1 >= largest for bits in WIDTHS)


def renumbered(*kinds: tuple[Iterable[tuple[int, int]], Collection[int]]) -> bool:
    """Tell whether owners became others as they do where another machine gives their names other numbers.

    Each owner became one other and none is left as it was, no two became the same, and root stays; not all moved alike,
    as they do with a range of ids.

    Args:
        kinds: of users and of groups: owners as they should be and as found, of all files that have another one; and
            all owners in the bundle.
    """
    apart: set[int] = set()
    for pairs, present in kinds:
        moved: dict[int, int] = {}
        if any(moved.setdefault(old, new) != new for old, new in pairs if old != new):
            return False
        new = set(moved.values())
        if len(new) < len(moved) or 0 in moved.keys() | new or (moved.keys() - new) & set(present):
            return False
        apart.update(after - before for before, after in moved.items())
    return len(apart) > 1
