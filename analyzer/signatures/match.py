"""Match text with the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice

from msgspec import Struct

from analyzer.signatures.catalogue import PROGRAM, Behaviour, Message, behaviours
from analyzer.signatures.text import BREAK, Pasted, Record, prepare

MOST = 20
EXCERPT = 300
WHOLE = re.compile(r"[0-9a-f]{12,64}|sha256:[0-9a-f]{64}|/\S+")


class Match(Struct, frozen=True):
    """A known message in a text.

    Attributes:
        behaviour: what prints it.
        message: which of its messages.
        line: line of the text where its record starts, from 1.
        excerpt: the text that matched, cut to `EXCERPT` characters.
        groups: what the message names: `layer`, `image`, `arch`, `path`, …
        wrapped: the message runs over the end of a line.
    """

    behaviour: Behaviour
    message: Message
    line: int
    excerpt: str
    groups: Mapping[str, str]
    wrapped: bool

    @property
    def order(self) -> tuple[bool, bool, bool, int, int]:
        """Return the sort key: reasons before frames, specific ones, then whole ones, the longest, the first."""
        message = self.message
        return (message.frame, not message.specific, self.wrapped, -len(self.excerpt), self.line)


def match(pasted: Pasted) -> tuple[Match, ...]:
    """Return every known message in the text, the surest first; a message that recurs is returned once."""
    found: dict[tuple[str, str, tuple[tuple[str, str], ...]], Match] = {}
    for behaviour, message in _messages():
        for each in islice(_of(behaviour, message, pasted), MOST):
            found.setdefault((behaviour.id, message.regex, tuple(sorted(each.groups.items()))), each)
    return tuple(sorted(found.values(), key=lambda m: m.order))


@cache
def _messages() -> tuple[tuple[Behaviour, Message], ...]:
    return tuple((behaviour, message) for behaviour in behaviours() for message in behaviour.messages)


def _of(behaviour: Behaviour, message: Message, pasted: Pasted) -> Iterator[Match]:
    anchors = message.anchors
    for record in pasted.records:
        lines = (each for each in record.text.split("\n") if any(anchor in each for anchor in anchors))
        hit = next(filter(None, map(message.pattern.search, lines)), None)
        if hit is not None:
            groups = {key: value for key, value in hit.groupdict().items() if value}
            yield Match(behaviour, message, record.line, hit.group()[:EXCERPT], groups, wrapped=False)
        elif record.wrapped and (across := _across_lines(behaviour, message, record)) is not None:
            yield across


def _across_lines(behaviour: Behaviour, message: Message, record: Record) -> Match | None:
    flat = record.flat
    if not any(anchor.replace(" ", "") in record.bare for anchor in message.anchors):
        return None
    hit = message.loose.search(flat)
    if hit is None:
        return None
    places = _places(record.text)
    groups = {}
    for key, value in hit.groupdict().items():
        if value:
            start, end = hit.span(key)
            groups[key] = _unwrapped(record.text[places[start] : places[end - 1] + 1])
    excerpt = BREAK.sub(" ", record.text[places[hit.start()] : places[hit.end() - 1] + 1])
    return Match(behaviour, message, record.line, excerpt[:EXCERPT], groups, wrapped=True)


def _places(text: str) -> list[int]:
    """Return, for each character of the flat text, where it is in the text."""
    places: list[int] = []
    at = 0
    for gap in BREAK.finditer(text):
        places.extend(range(at, gap.start()))
        at = gap.end()
    places.extend(range(at, len(text)))
    return places


def _unwrapped(value: str) -> str:
    """Return a named value without line ends: an id, digest or path whole, of other words what stands before."""
    whole = BREAK.sub("", value)
    return whole if WHOLE.fullmatch(whole) else BREAK.split(value)[0]


def known_in_line(line: str) -> Match | None:
    """Return the surest message in one line of a log that only one behaviour prints, or what several share.

    What programs in containers print is left out: a journal is full of it.
    """
    if not any(anchor in line for anchor in _anchors()):
        return None
    found = [each for each in match(prepare(line)) if each.message.specific or each.behaviour.scope != PROGRAM]
    return found[0] if found else None


@cache
def _anchors() -> tuple[str, ...]:
    return tuple(sorted({anchor for _, message in _messages() for anchor in message.anchors}))
