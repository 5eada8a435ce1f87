"""The time line and the disk-use bars; all lengths are attributes, since the page allows no inline style."""

from __future__ import annotations

import math
from collections.abc import Iterator

from analyzer.report.markup import NOTHING, Markup, el, scroller
from analyzer.report.model.analysis import Analysis
from analyzer.report.model.space import ImageSpace, Space, space
from analyzer.report.model.timeline import STEPS, Lane, Strip, timeline
from analyzer.snapshot.times import format_time
from analyzer.words import and_more, human, plural

STEP, LANE, LEFT = 6, 34, 170
BARS = 25
LONG = 320


def timeline_block(report: Analysis) -> Markup:
    """Return the strip: one lane a kind, one bar a step, higher for more."""
    strip = timeline(report)
    if strip is None:
        return NOTHING
    shown = [lane for lane in strip.lanes if lane.count or lane.before or lane.unknown]
    wide, high = LEFT + STEPS * STEP + 10, len(shown) * LANE + 26
    lanes = [_lane(lane, number, strip) for number, lane in enumerate(shown)]
    ends = (
        el("text", format_time(strip.start), x=LEFT, y=high - 6),
        el("text", format_time(strip.end), x=LEFT + STEPS * STEP, y=high - 6, text_anchor="end"),
    )
    drawn = el(
        "svg",
        el("title", f"Times from {format_time(strip.start)} to {format_time(strip.end)}"),
        lanes,
        ends,
        class_="strip",
        role="img",
        viewBox=f"0 0 {wide} {high}",
        width=wide,
        height=high,
    )
    said = (
        "All times are what records and archive headers state, by the clock of the node; images keep the date they"
        " were built at. A copy made without times shows the time of the copy."
    )
    return el(
        "section",
        el("h2", "Timeline"),
        el("p", said, class_="quiet"),
        _damage(strip),
        scroller("Timeline", drawn),
        _told(strip),
        id="timeline",
    )


def _damage(strip: Strip) -> Markup:
    """Return since when damage shows; a file that was damaged without being written keeps its older time."""
    if strip.damage is None:
        return NOTHING
    said = f"Damage first shows at {format_time(strip.damage.ns)}: {strip.damage.what}."
    return el("p", el("strong", said, class_="bad"), " Damage done without writing a file is later than the file says.")


def _lane(lane: Lane, number: int, strip: Strip) -> list[Markup]:
    base = number * LANE + LANE - 8
    most = max((len(moments) for _, moments in lane.steps), default=1)
    parts = [
        el("text", lane.label, x=LEFT - 8, y=base - 6, text_anchor="end"),
        el("line", x1=LEFT, x2=LEFT + STEPS * STEP, y1=base, y2=base),
    ]
    span = max(strip.end - strip.start, 1)
    for step, moments in lane.steps:
        high = max(3.0, (LANE - 12) * math.log1p(len(moments)) / math.log1p(most))
        shown = ", ".join(m.what for m in moments[:4]) + and_more(len(moments), 4)
        at = format_time(strip.start + step * span // STEPS)
        title = el("title", f"{at}: {shown}")
        parts.append(
            el("rect", title, x=LEFT + step * STEP, y=round(base - high, 1), width=STEP - 1, height=round(high, 1),
               class_=f"t-{lane.name}")
        )  # fmt: skip
    return parts


def _told(strip: Strip) -> Markup:
    rows = []
    for lane in strip.lanes:
        parts = [str(lane.count)]
        if lane.before:
            parts.append(f"{lane.before} before the strip begins or after its end")
        if lane.unknown:
            parts.append(f"{lane.unknown} without a usable time")
        first = lane.steps[0][1][0] if lane.steps else None
        last = lane.steps[-1][1][-1] if lane.steps else None
        cells = (lane.label, "; ".join(parts), *(f"{format_time(m.ns)} {m.what}" if m else "-" for m in (first, last)))
        rows.append(el("tr", [el("td", cell) for cell in cells]))
    head = el("tr", [el("th", name, scope="col") for name in ("what", "how many", "first", "last")])
    table = scroller("Table", el("table", el("thead", head), el("tbody", rows)))
    return el("details", el("summary", "The same as a table"), table)


def space_block(report: Analysis) -> Markup:
    """Return a bar an image, what it alone holds and what it shares, and what nothing uses."""
    used = space(report)
    if not used.images and not used.unneeded_layers and not used.directories:
        return NOTHING
    longest = max([i.unique + i.shared for i in used.images[:BARS]], default=0) or 1
    head = el("tr", [el("th", name, scope="col") for name in ("image", "bytes", "only here", "shared", "layers")])
    rows = [_image(image, longest) for image in used.images[:BARS]]
    left = used.images[BARS:]
    if left:
        alone = human(sum(i.unique for i in left))
        rows.append(
            el(
                "tr",
                el("td", f"{len(left):,} more images"),
                el("td"),
                el("td", alone, class_="num"),
                el("td", "-"),
                el("td"),
            )
        )
    return el(
        "section",
        el("h2", "Disk use"),
        el("p", "By diff-size, the bytes of each layer's files as its record states them.", class_="quiet"),
        el("ul", [el("li", line) for line in _sums(used)], class_="sums"),
        _key(),
        scroller("Table", el("table", el("thead", head), el("tbody", rows), class_="space")),
        id="space",
    )


def _sums(used: Space) -> Iterator[list[Markup | str]]:
    yield [el("strong", human(used.used)), " in layers that an image or container needs, each counted once"]
    if used.unneeded_layers:
        yield [el("strong", human(used.unneeded)), f" in {plural(used.unneeded_layers, 'layer')} that nothing needs"]
    if used.directories:
        size = sum(size for _, size in used.directories)
        directories = plural(len(used.directories), "layer directory")
        yield [el("strong", human(size)), f" seen in {directories} without a record"]
    if used.unknown:
        yield [f"{plural(used.unknown, 'layer')} of unknown size (containers' own layers state none)"]


def _key() -> Markup:
    def patch(kind: str) -> Markup:
        return el(
            "svg", el("rect", width=14, height=14, class_=kind), width=14, height=14, aria_hidden="true", class_="key"
        )

    return el("p", patch("b-unique"), " only in this image ", patch("b-shared"), " shared with others", class_="quiet")


def _image(image: ImageSpace, longest: int) -> Markup:
    alone = round(LONG * image.unique / longest, 1)
    shared = round(LONG * image.shared / longest, 1)
    bar = el(
        "svg",
        el("rect", class_="b-unique", width=alone, height=16),
        el("rect", class_="b-shared", x=alone, width=shared, height=16),
        class_="bars",
        width=LONG,
        height=16,
        viewBox=f"0 0 {LONG} 16",
        aria_hidden="true",
    )
    layers = plural(image.layers, "layer") + (f", {image.unknown} of unknown size" if image.unknown else "")
    name = ", ".join(image.names[:2]) + (f" +{len(image.names) - 2}" if len(image.names) > 2 else "") or image.id[:12]
    return el(
        "tr",
        el("td", el("code", name)),
        el("td", bar),
        el("td", human(image.unique), class_="num"),
        el("td", human(image.shared), class_="num"),
        el("td", layers),
    )
