"""The time line of a bundle, for a terminal and as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.outlook.timeline import Event, Timeline
from analyzer.report.encode.text import inert, shortened
from analyzer.report.formats.document import cleaned
from analyzer.report.model.analysis import Analysis
from analyzer.snapshot.times import SECOND, format_time
from analyzer.words import plural, span

BEFORE, AFTER = 12, 24
MARK, BAD, FIRST = " ", "!", ">"


def render(line: Timeline, report: Analysis, *, everything: bool = False, columns: int = 100) -> str:
    """Return the time line as text: around the first bad event, or all of it.

    Args:
        line: what to tell.
        report: gives findings their ids.
        everything: every event.
        columns: width to cut at.
    """
    return "\n".join(shortened(inert(each), columns) for each in _lines(line, report, everything)) + "\n"


def _lines(line: Timeline, report: Analysis, everything: bool) -> Iterator[str]:
    bad = sum(event.bad for event in line.events)
    undated = f", {line.undated} without a usable time" if line.undated else ""
    yield f"{plural(len(line.events), 'event')}{undated}; times are UTC"
    if line.first_bad >= 0:
        first = line.events[line.first_bad]
        when = f"{_time(first)}{_before(first, line)}"
        yield f"damage shows in {plural(bad, 'event')}, first at {when}: {_what(first, report)}"
        yield "a file's time is that of its last write; damage that writes nothing happened later"
    else:
        yield "no time of damage is known"
    yield ""
    start, end = _window(line, everything)
    if start:
        yield f"  {plural(start, 'earlier event')} (show with `--all`)"
    before = ""
    for number in range(start, end):
        event = line.events[number]
        time = _time(event)
        mark = FIRST if number == line.first_bad else BAD if event.bad else MARK
        yield f"{mark} {time if time[:10] != before else ' ' * 11 + time[11:]}  {_what(event, report)}"
        before = time[:10]
    if end < len(line.events):
        yield f"  {plural(len(line.events) - end, 'event')} after: --all"
    yield f"  {format_time(line.newest_ns)}  captured at this time or later: the last change that is seen"
    if any(not event.zoned for event in line.events):
        yield "  a ~ marks times of logs that state no zone: they are taken for UTC"


def _window(line: Timeline, everything: bool) -> tuple[int, int]:
    count = len(line.events)
    if everything:
        return 0, count
    if line.first_bad < 0:
        return max(count - BEFORE - AFTER, 0), count
    return max(line.first_bad - BEFORE, 0), min(line.first_bad + AFTER, count)


def _time(event: Event) -> str:
    return format_time(event.ns).removesuffix("Z") + ("Z" if event.zoned else "~")


def _before(event: Event, line: Timeline) -> str:
    """Return how long before the newest change an event was, `""` where that is not known."""
    seconds = (line.newest_ns - event.ns) // SECOND
    return f" ({span(seconds)} before the newest change)" if seconds > 0 else ""


def _what(event: Event, report: Analysis) -> str:
    ids = report.finding_ids
    name = event.name or event.id[:12]
    about = f" {name}" if name and event.kind != "log" else ""
    place = f"{event.path}:{event.line}" if event.line else event.path
    found = ", ".join(f"{ids[f]} {f.rule}" for f in event.findings[:3] if f in ids)
    text = f"{event.kind}{about} {event.event}" if event.kind in ("image", "layer", "container") else event.event
    said = f": {event.name}" if event.kind == "log" and event.name else ""
    return f"{text}{said} [{place}]" + (f" ({found})" if found else "")


def to_dict(line: Timeline, report: Analysis) -> dict[str, Any]:
    """Return the time line as data; times in Unix nanoseconds and as text in UTC."""
    whole: dict[str, Any] = cleaned(
        {
            "events": rows(line, report),
            "first_bad": line.first_bad if line.first_bad >= 0 else None,
            "undated": line.undated,
            "captured_not_before": {"ns": line.newest_ns, "time": format_time(line.newest_ns)},
        }
    )
    return whole


def rows(line: Timeline, report: Analysis) -> list[dict[str, Any]]:
    """Return one row per event, oldest first."""
    ids = report.finding_ids
    return [
        {
            "ns": event.ns,
            "time": format_time(event.ns),
            "zone_known": event.zoned,
            "kind": event.kind,
            "event": event.event,
            "id": event.id or None,
            "name": event.name or None,
            "path": event.path,
            "line": event.line or None,
            "bad": event.bad,
            "findings": [ids[finding] for finding in event.findings if finding in ids],
            "behaviour": event.behaviour or None,
        }
        for event in line.events
    ]
