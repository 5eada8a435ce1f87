"""Lines of captured logs with their times, in the forms of journald, syslog, logrus, klog and `dmesg -T`.

Journals in JSON (`journalctl -o json`) and in the export format, and JSON lines of container logs, are taken apart
first (systemd JOURNAL_EXPORT_FORMATS; systemd.journal-fields).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.times import SECOND, parse_time

LONGEST_LINE = 16_384
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ISO = re.compile(r'(?:time=")?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?')
SYSLOG = re.compile(
    rf"\[?(?:[A-Z][a-z]{{2}} )?({'|'.join(MONTHS)}) ([ \d]\d) (?:(\d{{4}}) )?(\d\d):(\d\d):(\d\d)(?: (\d{{4}}))?"
)
KLOG = re.compile(r"[IWEF](\d\d)(\d\d) (\d\d):(\d\d):(\d\d)\.\d")
CLOCK, MESSAGE = "__REALTIME_TIMESTAMP=", "MESSAGE="
MICROS = 17
"""Digits of a time in microseconds that a journal may hold."""
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LogLine(NamedTuple):
    """One line: its number in what was kept, from 1; Unix nanoseconds or None; whether its zone is known."""

    number: int
    ns: int | None
    zoned: bool
    text: str


def log_lines(file: SmallFile, newest_ns: int) -> Iterator[LogLine]:
    """Yield the lines of a log.

    Args:
        file: as kept.
        newest_ns: latest time of the capture, which dates lines that state no year; those without a zone count as UTC.
    """
    text = (file.data or b"").decode("utf-8", "replace")
    for entry in entries(text.split("\n")):
        ns, zoned = (entry.ns, True) if entry.framed else stamp(entry.text, newest_ns)
        yield LogLine(entry.number, ns, zoned, entry.text)


class LogEntry(NamedTuple):
    """One message: number of its line, its text, and, where the log is a frame around it, its time there."""

    number: int
    text: str
    framed: bool = False
    ns: int | None = None


def entries(lines: Iterable[str]) -> Iterator[LogEntry]:
    """Yield the messages of a log, whatever form it has; of an exported journal the lines of MESSAGE alone."""
    export, moment, binary = False, None, False
    for number, line in enumerate(lines, 1):
        short = line[:LONGEST_LINE].rstrip("\r")
        if short.startswith("{") and (found := _unwrapped(short)) is not None:
            yield LogEntry(number, found[0], True, found[1])
            continue
        export = export or short.startswith("__CURSOR=")
        if not export:
            yield LogEntry(number, short)
        elif short.startswith(CLOCK):
            moment = _micros(short[len(CLOCK) :])
        elif short.startswith(MESSAGE):
            yield LogEntry(number, short[len(MESSAGE) :], True, moment)
        elif binary:
            yield LogEntry(number, short[8:], True, moment)
        binary = short == MESSAGE[:-1]


def _unwrapped(line: str) -> tuple[str, int | None] | None:
    """Return the message in a line of JSON and its time, None for another line."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        if isinstance(message := value.get("MESSAGE"), str):
            return message, _micros(str(value.get("__REALTIME_TIMESTAMP", "")))
        if isinstance(message := value.get("log"), str):
            time = value.get("time")
            return message.rstrip("\n"), parse_time(time) if isinstance(time, str) else None
    return None


def _micros(text: str) -> int | None:
    return int(text) * 1000 if text.isdecimal() and len(text) <= MICROS else None


def stamp(line: str, newest_ns: int) -> tuple[int | None, bool]:
    """Return the time a line begins with, and whether it states a zone."""
    if match := ISO.match(line):
        day, clock, fraction, zone = match.groups()
        zone = zone or ""
        shift = f"{zone[:3]}:{zone[-2:]}" if len(zone) >= 5 else "Z"
        return parse_time(f"{day}T{clock}.{fraction or '0'}{shift}"), bool(zone)
    if match := SYSLOG.match(line):
        month, date, before, hour, minute, second, after = match.groups()
        year = int(before or after or 0)
        return _moment(year, MONTHS.index(month) + 1, int(date), (hour, minute, second), newest_ns), False
    if match := KLOG.match(line):
        numbers = match.groups()
        return _moment(0, int(numbers[0]), int(numbers[1]), numbers[2:], newest_ns), False
    return None, False


def _moment(year: int, month: int, day: int, clock: tuple[str, ...], newest_ns: int) -> int | None:
    """Return Unix nanoseconds; without a year, of the last such day that is not after the capture."""
    try:
        newest = EPOCH + timedelta(seconds=newest_ns // SECOND)
        hour, minute, second = map(int, clock)
        moment = datetime(year or newest.year, month, day, hour, minute, second, tzinfo=UTC)
        if not year and moment > newest + DAY:
            moment = moment.replace(year=newest.year - 1)
    except (ValueError, OverflowError):
        return None
    return (moment - EPOCH) // timedelta(seconds=1) * SECOND
