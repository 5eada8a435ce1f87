"""When damage began on the nodes: a strip with one lane a cause, and the first events in a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzer.fleet.html.table import table
from analyzer.report.markup import NOTHING, Markup, coded, el, scroller
from analyzer.words import plural

LEFT, STEP, LANE, LANES = 190, 14, 34, 10


def order_block(fleet: Mapping[str, Any]) -> Markup:
    """Return the section, nothing where no damage is dated."""
    rows = (
        (row["time"], el("code", row["node"]), el("code", row["cause"]), coded(row["title"])) for row in fleet["order"]
    )
    said = "When damage is dated, by the clock of each node; clocks of nodes may differ."
    head = ("time", "node", "cause", "what")
    first = f"The first {plural(len(fleet['order']), 'event')}"
    made = table("Order of events", head, rows)
    if not made:
        return NOTHING
    return el(
        "section",
        el("h2", "Order of events"),
        el("p", said, class_="quiet"),
        _strip(fleet["strip"]) if fleet["strip"] else None,
        el("details", el("summary", first), made, open=not fleet["strip"]),
        id="order",
    )


def _strip(strip: Mapping[str, Any]) -> Markup:
    """Return one lane a cause, one bar a step, higher for more nodes."""
    lanes = strip["lanes"][:LANES]
    wide, high = LEFT + strip["steps"] * STEP + 10, len(lanes) * LANE + 26
    most = max(max(lane["counts"]) for lane in lanes) or 1
    drawn: list[Markup] = []
    for number, lane in enumerate(lanes):
        base = number * LANE + LANE - 8
        drawn.append(el("text", lane["cause"], x=LEFT - 8, y=base - 6, text_anchor="end"))
        drawn.append(el("line", x1=LEFT, x2=LEFT + strip["steps"] * STEP, y1=base, y2=base))
        for step, count in enumerate(lane["counts"]):
            if count:
                tall = max(3.0, (LANE - 12) * count / most)
                title = el("title", f"{lane['cause']}: {plural(count, 'node')}")
                drawn.append(
                    el("rect", title, x=LEFT + step * STEP, y=round(base - tall, 1), width=STEP - 2,
                       height=round(tall, 1))
                )  # fmt: skip
    drawn.append(el("text", strip["start"], x=LEFT, y=high - 6))
    drawn.append(el("text", strip["end"], x=LEFT + strip["steps"] * STEP, y=high - 6, text_anchor="end"))
    title = el("title", f"Nodes by cause and time from {strip['start']} to {strip['end']}")
    picture = el("svg", title, drawn, class_="strip", role="img", viewBox=f"0 0 {wide} {high}", width=wide, height=high)
    left = sum(lane["outside"] for lane in strip["lanes"])
    told = f"{plural(left, 'time')} far before or after the rest are not drawn." if left else ""
    return el("div", scroller("Strip", picture), el("p", told, class_="quiet") if told else None)
