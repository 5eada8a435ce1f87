"""Lines of captured logs with their times, in the forms of journald, syslog, logrus, klog and `dmesg -T`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from analyzer.snapshot.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.snapshot.provenance import SmallFile

LONGEST_LINE = 16_384
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ISO = re.compile(r'(?:time=")?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?')
SYSLOG = re.compile(
    rf"\[?(?:[A-Z][a-z]{{2}} )?({'|'.join(MONTHS)}) ([ \d]\d) (?:(\d{{4}}) )?(\d\d):(\d\d):(\d\d)(?: (\d{{4}}))?"
)
KLOG = re.compile(r"[IWEF](\d\d)(\d\d) (\d\d):(\d\d):(\d\d)\.\d")
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
    for number, line in enumerate(text.split("\n"), 1):
        short = line[:LONGEST_LINE].rstrip("\r")
        ns, zoned = stamp(short, newest_ns)
        yield LogLine(number, ns, zoned, short)


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
        newest = EPOCH + timedelta(seconds=newest_ns // 10**9)
        hour, minute, second = map(int, clock)
        moment = datetime(year or newest.year, month, day, hour, minute, second, tzinfo=UTC)
        if not year and moment > newest + DAY:
            moment = moment.replace(year=newest.year - 1)
    except (ValueError, OverflowError):
        return None
    return (moment - EPOCH) // timedelta(seconds=1) * 10**9
