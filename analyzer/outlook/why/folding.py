"""Compare a message as foretold with one as pasted, whatever the version's way of quoting it.

Engines of different versions print one message with or without quotes, with or without advice, and call a list after
its type, or a type by another name; terminals and journals break lines anywhere.
"""

from __future__ import annotations

import re

from analyzer.snapshot.image_open import AMBIGUOUS_TYPE, METADATA_TYPE

LEAST = 12
"""Folded characters below which a message is too short to be told by its words."""
PIECE = 32
"""Folded characters from which a pasted piece of a message stands for the message."""
DROPPED = re.compile(r"[\s\"'`\\]+")
OPTIONAL = ("(considerremovingtheimagetoresolvetheissue)", "choosingimageinstance:")
FETCHING = re.compile(r"fetchingtargetplatformimageselectedfrom(?:list):")
LISTS = re.compile(r"manifestlist|imageindex")


def _bare(text: str) -> str:
    return DROPPED.sub("", text).lower()


RENAMED = [(_bare(newer), _bare(older)) for newer, older in (METADATA_TYPE, AMBIGUOUS_TYPE)]


def fold(text: str) -> str:
    """Return what stays of a message when quoting, spacing, case and wording of versions are taken away."""
    text = LISTS.sub("list", _bare(text))
    for phrase in OPTIONAL:
        text = text.replace(phrase, "")
    for newer, older in RENAMED:
        text = text.replace(older, newer)
    return FETCHING.sub("", text)


def says(foretold: str, pasted: str) -> bool:
    """Tell whether a pasted text holds a foretold message, or is a piece of it.

    Args:
        foretold: as the outlook or a finding has it; `…` stands for words that are left open.
        pasted: folded text.
    """
    parts = [part for part in map(fold, foretold.split("…")) if part]
    if sum(map(len, parts)) < LEAST:
        return False
    at = 0
    for part in parts:
        place = pasted.find(part, at)
        if place < 0:
            return len(parts) == 1 and len(pasted) >= PIECE and pasted in parts[0]
        at = place + len(part)
    return True
