"""Read a whole log line by line: each distinct message once, with how often, when first and when last.

Two lines are one message where they differ in ids, numbers and times only. Memory is bounded whatever the log: what
does not fit is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct, field

from analyzer.signatures.catalogue import PROGRAM
from analyzer.signatures.match import match
from analyzer.signatures.text import LONGEST_RECORD, Pasted, prepare
from analyzer.snapshot.logs import entries, stamp

DISTINCT = 2_000
"""Distinct messages kept; of more the lines are counted."""
SAMPLES = 12
"""Lines of one message whose objects are looked at."""
REMEMBERED = 50_000
"""Forms of lines whose kind is remembered."""
STAMPED = 20
"""Lines with a time from which a text counts as a log."""
LOOKED_AT = 20 * STAMPED
"""Lines that are looked at for that: an entry of an exported journal has many."""
TICK = 5_000
MONTH = r"^(?:[A-Z][a-z]{2} )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
VARYING = re.compile(
    MONTH + r"|\d{4}-\d\d-\d\d[T ][\d:.,]{8,24}(?:Z|[+-]\d\d:?\d\d)?|(?<![0-9A-Za-z])[0-9a-f]{7,64}(?![0-9A-Za-z])"
    r"|[A-Z2-7]{26}|\d{1,40}"
)
TROUBLE = re.compile(
    r"level=(?:error|fatal|panic|warn)|\bE\d{4} |\b(?:error|fail(?:ed|ure|s)?|panic|fatal|denied)\b|\bcorrupt",
    re.IGNORECASE,
)


class LoggedMessage(Struct):
    """One distinct message of a log.

    Attributes:
        known: whether the catalogue has it.
        line: number of its first line, from 1.
        count: lines that say it.
        first_ns, last_ns: when it was said first and last, Unix nanoseconds; None where no line states a time.
        samples: lines of it that differ in what they name, `SAMPLES` at most.
    """

    known: bool
    line: int
    count: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    samples: dict[str, None] = field(default_factory=dict)

    def add(self, line: str, ns: int | None) -> None:
        """Count a line."""
        self.count += 1
        if ns is not None:
            self.first_ns = ns if self.first_ns is None else min(self.first_ns, ns)
            self.last_ns = ns if self.last_ns is None else max(self.last_ns, ns)
        if len(self.samples) < SAMPLES:
            self.samples[line] = None

    @property
    def text(self) -> Pasted:
        """Return what the kept lines say, prepared for matching."""
        return prepare("\n".join(self.samples))


class Log(Struct):
    """What a log says.

    Attributes:
        lines: how many were read.
        messages: distinct messages that are known or sound like trouble, in the order of their first line.
        beyond: lines of further messages of that kind, which were counted only.
    """

    lines: int = 0
    messages: list[LoggedMessage] = field(default_factory=list)
    beyond: int = 0


def is_log(text: str) -> bool:
    """Tell whether a text is a log rather than a message that somebody pasted."""
    lines = text.split("\n", LOOKED_AT)[:LOOKED_AT]
    times = (each.ns if each.framed else stamp(each.text, 0)[0] for each in entries(lines))
    return sum(ns is not None for ns in times) >= STAMPED


def read_log(lines: Iterable[str], newest_ns: int, tick: Callable[[int], None] | None = None) -> Log:
    """Return what a log says; linear in its length.

    Args:
        lines: in order, without line ends.
        newest_ns: latest time of the capture, which dates lines that state no year.
        tick: called with the number of lines read now and then.
    """
    log = Log()
    kept: dict[str, LoggedMessage] = {}
    quiet: set[str] = set()
    beyond: set[str] = set()
    for number, text, framed, ns in entries(_counted(lines, log, tick)):
        line = text[:LONGEST_RECORD]
        form = VARYING.sub("#", line)
        message = kept.get(form)
        if message is None and form not in quiet and form not in beyond:
            message = _message(line, number)
            forms = quiet if message is None else beyond
            if message is None or len(kept) >= DISTINCT:
                if len(forms) >= REMEMBERED:
                    forms.clear()
                forms.add(form)
            else:
                kept[form] = message
                log.messages.append(message)
        if form in kept:
            kept[form].add(line, ns if framed else stamp(line, newest_ns)[0])
        elif form in beyond:
            log.beyond += 1
    return log


def _counted(lines: Iterable[str], log: Log, tick: Callable[[int], None] | None) -> Iterator[str]:
    for line in lines:
        log.lines += 1
        if tick is not None and log.lines % TICK == 0:
            tick(log.lines)
        yield line


def _message(line: str, number: int) -> LoggedMessage | None:
    """Return what a line says, None where it is neither known nor sounds like trouble."""
    known = any(each.message.specific or each.behaviour.scope != PROGRAM for each in match(prepare(line)))
    return LoggedMessage(known, number) if known or TROUBLE.search(line) else None
