"""Read the output of `containers-storage check`, `podman system check` and `crio check`.

The three print one report of containers/storage: errors by layer, image and container. The first prints a heading a
record and an error a line below it; the second the same with `Damaged` and a star; the third a log line an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from analyzer.signatures.text import prepare

LONGEST = 8 << 20
MOST = 50_000
CHUNK = 128 * 1024
NAME = r"(?:[0-9a-f]{64}|[A-Za-z][0-9A-Za-z._-]{5,127})"
"""An id, or the name of a directory of the driver that the check took for a layer."""
KINDS = r"(?P<foreign>read-only )?(?P<kind>layer|image|container)"
HEADING = re.compile(rf"(?:Damaged )?{KINDS} (?P<id>{NAME}):?")
LOGGED = re.compile(rf"(?:.{{0,200}}?msg=\"|.{{0,64}}?)\b{KINDS}: (?P<id>{NAME}): (?P<rest>.+?)\"?")
PART = re.compile(rf"(?:\* )?(?P<kind>layer|image|container) (?P<id>{NAME}): (?P<rest>.+)")
COUNT = re.compile(r"\d+ errors? occurred:|(?:Error: )?\d+ layer errors?\b.*|Error: damage .*|Deleted damaged .*")
SOUND = re.compile(r"Storage directory \S{1,400} has errors: (?:true|false)")


class Claim(Struct, frozen=True):
    """One error as reported.

    Attributes:
        line: number of the line, from 1.
        kind, id: the record it is filed under.
        about_kind, about: the record that the text names; the same where it names none.
        says: the error itself.
        foreign: filed under a read-only store.
    """

    line: int
    kind: str
    id: str
    about_kind: str
    about: str
    says: str
    foreign: bool = False

    @property
    def copied(self) -> bool:
        """Tell whether it is another record's error, repeated here because this record needs that one."""
        return self.kind != self.about_kind


class CheckOutput(Struct, frozen=True):
    """What a check said.

    Attributes:
        claims: its errors in order.
        other: (line, text) of lines that are neither errors of a record nor known chatter.
        cut: whether the text was longer than what is read.
    """

    claims: tuple[Claim, ...]
    other: tuple[tuple[int, str], ...]
    cut: bool = False


def read_output(text: str) -> CheckOutput:
    """Return the errors in the output of a check; bounded in time and number."""
    claims: list[Claim] = []
    other: list[tuple[int, str]] = []
    heading: re.Match[str] | None = None
    for number, line in _lines(text[:LONGEST]):
        if match := HEADING.fullmatch(line):
            heading = match
        elif logged := LOGGED.fullmatch(line):
            claims.append(_claim(number, logged, logged.group("rest")))
        elif COUNT.fullmatch(line) or SOUND.search(line) or " level=" in line or line.startswith("time="):
            continue
        elif heading is not None and (line.startswith("* ") or PART.match(line)):
            claims.append(_claim(number, heading, line.removeprefix("* ")))
        elif part := PART.fullmatch(line):
            claims.append(_claim(number, part, line))
        else:
            other.append((number, line))
        if len(claims) + len(other) >= MOST:
            return CheckOutput(tuple(claims), tuple(other), cut=True)
    return CheckOutput(tuple(claims), tuple(other), len(text) > LONGEST)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number, stripped line) of lines that are not empty, escapes taken back."""
    block: list[str] = []
    first, size = 1, 0
    lines = text.splitlines()
    for number, line in enumerate([*lines, ""], 1):
        block.append(line)
        size += len(line)
        if size >= CHUNK or number > len(lines):
            for record in prepare("\n\n".join(block)).records:
                yield first + (record.line - 1) // 2, " ".join(record.text.split())
            first, block, size = number + 1, [], 0


def _claim(line: int, under: re.Match[str], rest: str) -> Claim:
    kind, record = under.group("kind"), under.group("id")
    foreign = bool(under.groupdict().get("foreign"))
    part = PART.fullmatch(rest)
    if part is None:
        return Claim(line, kind, record, kind, record, rest, foreign)
    return Claim(line, kind, record, part.group("kind"), part.group("id"), part.group("rest"), foreign)
