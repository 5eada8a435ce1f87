"""RFC 3339 times with nanoseconds, as Go writes them, in Unix nanoseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))")
ZERO = "0001-01-01T00:00:00Z"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_time(text: str) -> int | None:
    """Return Unix nanoseconds, or None when `text` is no RFC 3339 time (`""` and Go's zero time included)."""
    match = TIME.fullmatch(text)
    if not match or text == ZERO:
        return None
    year, month, day, hour, minute, second = (int(match.group(i)) for i in range(1, 7))
    zone = UTC
    if match.group(8):
        shift = timedelta(hours=int(match.group(9)), minutes=int(match.group(10)))
        if shift >= timedelta(days=1):
            return None
        zone = timezone(shift if match.group(8) == "+" else -shift)  # type: ignore[assignment]
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000_000 + int((match.group(7) or "").ljust(9, "0"))


def format_time(ns: int) -> str:
    """Return an RFC 3339 UTC time to the second, or the number with its unit where it has no calendar date."""
    try:
        return (EPOCH + timedelta(seconds=ns // 1_000_000_000)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return f"{ns} ns since 1970"
