"""RFC 3339 times with nanoseconds, as Go writes them, in Unix nanoseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND, DAY = 1_000_000_000, 86_400 * 1_000_000_000
"""In nanoseconds, as all times here."""
ZERO_NS = (datetime(1, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(seconds=1) * SECOND


def parse_time(text: str) -> int | None:
    """Return Unix nanoseconds, or None when `text` is no RFC 3339 time (`""` and Go's zero time included)."""
    match = TIME.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(match.group(i)) for i in range(1, 7))
    shift = timedelta()
    if match.group(8):
        shift = timedelta(hours=int(match.group(9)), minutes=int(match.group(10)))
        if shift >= timedelta(days=1) or int(match.group(10)) > 59:
            return None
        shift = shift if match.group(8) == "+" else -shift
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    delta = moment - EPOCH - shift
    fraction = (match.group(7) or "")[:9].ljust(9, "0")
    ns = (delta.days * 86_400 + delta.seconds) * SECOND + int(fraction)
    return None if ns == ZERO_NS else ns


def format_time(ns: int) -> str:
    """Return an RFC 3339 UTC time to the second, or the number with its unit where it has no calendar date."""
    try:
        moment = EPOCH + timedelta(seconds=ns // SECOND)
    except OverflowError:
        return f"{ns} ns since 1970"
    return moment.replace(tzinfo=None).isoformat() + "Z"
