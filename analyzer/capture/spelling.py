"""Names that a copy spelled in another way.

A file system without upper case, one that refuses some characters, one that takes letters apart (HFS+): none of the
characters that a name lost is then found in any name of the bundle.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

RESPELLED = "the copy could not hold some characters of names"
REPLACED = re.compile(r"[^0-9a-z/._-]")
ENDS = re.compile(r"[ .]+(?=/|$)")
"""What Windows takes off the end of a name."""


def respelled(recorded: Iterable[str], found: Iterable[str], characters: Callable[[], set[str]]) -> set[str]:
    """Return the recorded paths that the copy spelled in another way, and as what.

    Args:
        recorded: paths that are absent.
        found: paths that nothing recorded.
        characters: gives those of all names in the bundle; asked when a pair may be one.
    """
    by_skeleton = {_skeleton(path): path for path in found}
    pairs = [(path, other) for path in recorded if (other := by_skeleton.get(_skeleton(path))) is not None]
    if not pairs:
        return set()
    known = characters()
    return {
        path
        for pair in pairs
        if known.isdisjoint(set(ENDS.sub("", pair[0])) - set(ENDS.sub("", pair[1])))
        for path in pair
    }


def _skeleton(path: str) -> str:
    return REPLACED.sub("_", unicodedata.normalize("NFC", ENDS.sub("", path)).lower())
