"""Bring pasted text into one form: plain quotes, no escapes, no log prefixes, records that may span lines."""

from __future__ import annotations

import re
from functools import cached_property

from msgspec import Struct

LONGEST = 256 * 1024
LONGEST_RECORD = 8 * 1024
OVERLAP = 2 * 1024
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)?)")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
CODES = re.compile(r"\\{1,8}u(00(?:22|27|26|3c|3e|2f)|00[a-f][0-9a-f]|[0-9a-ce-f][1-9a-f][0-9a-f]{2})", re.IGNORECASE)
BACKSLASHES = re.compile(r"\\{2,}")
SEPARATORS = re.compile(r"\\{1,8}[nrt]")
QUOTES = re.compile(r"\\{1,8}([\"'`/])")
ENTITIES = {"&quot;": '"', "&#34;": '"', "&#39;": "'", "&lt;": "<", "&gt;": ">", "&amp;": "&"}
TYPOGRAPHIC = str.maketrans(
    {"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'", "\u00a0": " ", "\t": " "}
)
MONTHS = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
PREFIX = re.compile(
    rf"""(?:
        (?:[A-Z][a-z]{{2}}\ )?{MONTHS}\ [\ \d]\d(?:\ \d{{4}})?\ \d\d:\d\d:\d\d(?:[.,]\d{{1,9}})?\ (?=\S)
      | \d{{4}}-\d\d-\d\d[T\ ]\d\d:\d\d:\d\d[^\s"]{{0,32}}\ (?=\S)
      | [IWEF]\d{{4}}\ \d\d:\d\d:\d\d\.\d{{1,9}}\ {{1,8}}\d{{1,10}}\ [^\]\s]{{1,128}}\]\ ?
      | \[\ {{0,8}}\d{{1,10}}\.\d{{1,9}}\]\ ?
      | (?=time="[^"]{{1,64}}"\ level=)
    )""",
    re.VERBOSE,
)
UNIT = re.compile(r"\S{1,255} [^\s:\[\]\"]{1,64}\[\d{1,10}\]: ")
QUOTED_LINE = re.compile(r"\s{0,8}(?:> ?){1,8}")
BREAK = re.compile(r"[ ]{0,64}\n[ ]{0,64}")


class Record(Struct, frozen=True, dict=True):
    """One message of a log, or a paragraph of a ticket.

    Attributes:
        text: its lines, prefixes taken off.
        line: number of its first line in the pasted text, from 1.
    """

    text: str
    line: int

    @property
    def wrapped(self) -> bool:
        """Tell whether it has several lines."""
        return "\n" in self.text

    @cached_property
    def flat(self) -> str:
        """Return the text with line ends and the spaces around them taken out."""
        return BREAK.sub("", self.text)

    @cached_property
    def bare(self) -> str:
        """Return the text without any space or line end."""
        return self.flat.replace(" ", "")


class Pasted(Struct, frozen=True):
    """Text in one form.

    Attributes:
        records: in order.
        cut: how many characters at the end were not read.
    """

    records: tuple[Record, ...]
    cut: int


def prepare(text: str) -> Pasted:
    """Return the records of pasted text; linear in its length, which is bounded."""
    kept = text[:LONGEST]
    lines = _plain(kept).split("\n")
    records: list[Record] = []
    block: list[str] = []
    first = 1
    size = 0

    def close() -> None:
        if block:
            records.append(Record("\n".join(block), first))

    for number, raw in enumerate(lines, 1):
        line = QUOTED_LINE.sub("", raw, count=1) if ">" in raw[:16] else raw
        line, prefixed = _without_prefix(line.rstrip(" "))
        for part in _parts(line):
            if prefixed or not part.strip() or size + len(part) > LONGEST_RECORD:
                close()
                block, size = [], 0
            prefixed = False
            if part.strip():
                if not block:
                    first = number
                block.append(part)
                size += len(part) + 1
    close()
    return Pasted(tuple(records), len(text) - len(kept))


def _plain(text: str) -> str:
    """Take escapes of terminals, JSON, HTML and typography back."""
    text = ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    text = CODES.sub(lambda match: chr(int(match.group(1), 16)), text)
    text = BACKSLASHES.sub(r"\\", QUOTES.sub(r"\1", SEPARATORS.sub("\n", text)))
    for entity, char in ENTITIES.items():
        text = text.replace(entity, char)
    return CONTROL.sub("", text.translate(TYPOGRAPHIC))


def _without_prefix(line: str) -> tuple[str, bool]:
    """Return a line without what journald, klog, syslog or the kernel put before it, and whether there was any."""
    found = False
    for _ in range(4):
        match = PREFIX.match(line)
        if match is None:
            break
        found = True
        line = line[match.end() :]
        if unit := UNIT.match(line):
            line = line[unit.end() :]
        if not match.end():
            break
    return line, found


def _parts(line: str) -> list[str]:
    """Return a line, or overlapping pieces of it where it is very long."""
    if len(line) <= LONGEST_RECORD:
        return [line]
    return [line[at : at + LONGEST_RECORD] for at in range(0, len(line) - OVERLAP, LONGEST_RECORD - OVERLAP)]
