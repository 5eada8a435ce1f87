"""Known messages of which a text holds the beginning only: the subject of a ticket, a line that a terminal cut off.

A pattern fits such a text up to its end. `regex` finds that (its partial matches); a line that is known whole is never
asked for here, and neither are the lines of a log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import regex

from analyzer.signatures.catalogue import Behaviour, Message, behaviours
from analyzer.signatures.match import EXCERPT, Match
from analyzer.signatures.text import Pasted

LEAST = 20
"""Characters of a message below which its beginning says nothing."""
MOST_LINES = 20
MOST = 2_000
"""Characters of the end of a line that are looked at."""
ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
STORE_PATH = re.compile(r"[\"'`]?/\S*/(?:(?:overlay2?|vfs|btrfs|zfs)(?:-\w+)?|volumes|libpod)/\S*")
WHOLE, BEGUN = 7, 3
"""Characters of a literal of a message that stand for it: of one that is there, of one that the text ends in."""
ELLIPSIS = " .…\"'`"


def match_cut_short(pasted: Pasted) -> tuple[Match, ...]:
    """Return the messages that the text holds the most of; several where they begin alike."""
    lines = [(line.rstrip(ELLIPSIS), record.line) for record in pasted.records for line in record.text.split("\n")]
    found = [each for line, number in lines[:MOST_LINES] for each in _beginnings(line, number)]
    longest = max((len(each.excerpt) for each in found), default=0)
    return tuple(each for each in found if len(each.excerpt) == longest)


def _beginnings(line: str, number: int) -> Iterator[Match]:
    line = line[-MOST:]
    if len(line) < LEAST:
        return
    for behaviour, message, pattern in _patterns():
        hit = pattern.search(line, partial=True)
        if hit is not None and hit.partial and len(hit.group()) >= LEAST and _says(message, hit.group()):
            groups = {key: value for key, value in hit.groupdict().items() if value}
            yield Match(behaviour, message, number, hit.group()[:EXCERPT], groups, wrapped=False)


def _says(message: Message, text: str) -> bool:
    """Tell whether a text holds words of the message, a path of a store or an id, not only what its gaps take."""
    words = message.words
    return (
        ID.search(text) is not None
        or STORE_PATH.fullmatch(text) is not None
        or any(
            (len(word) >= WHOLE and word in text) or any(text.endswith(word[:end]) for end in range(BEGUN, len(word)))
            for word in words
        )
    )


@cache
def _patterns() -> tuple[tuple[Behaviour, Message, regex.Pattern[str]], ...]:
    return tuple((each, message, regex.compile(message.regex)) for each in behaviours() for message in each.messages)
