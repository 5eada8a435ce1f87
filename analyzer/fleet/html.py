"""The fleet report as one page: nothing is loaded, no script, the style of the report on one node."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from analyzer.fleet import words
from analyzer.report.formats.html.head import MARKS
from analyzer.report.formats.html.page import styles
from analyzer.report.markup import NOTHING, Markup, coded, el, scroller
from analyzer.report.words import RISKS, percent, plural
from analyzer.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from analyzer.report.markup import Child

BAR, HIGH = 960, 26
LEFT, STEP, LANE, LANES = 190, 14, 34, 10
COLOURS = Markup(
    ".az .fleet rect{fill:var(--soft)}.az .fleet .healthy{fill:var(--good)}.az .fleet .advisory{fill:var(--warn)}"
    ".az .fleet .damaged{fill:var(--bad)}.az .fleet .undetermined{fill:var(--u)}.az .fleet{display:block;width:100%}"
    ".az .facts .count{font-size:1.5rem}.az td:first-child{min-width:8rem}"
    ".az #order td:nth-child(-n+3){white-space:nowrap}.az #failed td:nth-child(-n+2){white-space:nowrap}"
)


def render(fleet: Mapping[str, Any]) -> str:
    """Return the page of a fleet, from its document; the same document gives the same bytes."""
    style = Markup(styles() + COLOURS)
    nodes = fleet["nodes"]
    blocks = (
        ("first", "First", _action(fleet)),
        ("causes", "Causes", _families(fleet)),
        ("order", "Order", _order(fleet)),
        ("outliers", "Outliers", _outliers(fleet)),
        ("thin", "Thin captures", _thin(fleet, nodes)),
        ("failed", "No report", _failed(fleet, nodes)),
        ("copies", "Copies", _copies(fleet, nodes)),
    )
    shown = [(name, title, block) for name, title, block in blocks if block]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", f"{words.headline(fleet)} · analyzer"),
        el("style", style),
    )
    links = [el("a", title, href=f"#{name}") for name, title, _ in shown]
    body = el(
        "body",
        el("a", "Skip to the report", class_="skip", href="#main"),
        _banner(fleet),
        el("div", el("nav", links, aria_label="Sections"), class_="top-bar"),
        el("main", _counts(nodes), [block for _, _, block in shown], id="main"),
        el("footer", f"analyzer {__version__}. This page loads nothing and sends nothing."),
        class_="az",
    )
    return f"<!DOCTYPE html>\n{el('html', head, body, lang='en')}\n"


def fragment(fleet: Mapping[str, Any]) -> Markup:
    """Return verdict, counts, what to do first and causes, for a notebook cell."""
    style = el("style", Markup(styles() + COLOURS))
    return el("div", style, _banner(fleet), _counts(fleet["nodes"]), _action(fleet), _families(fleet), class_="az cell")


def _banner(fleet: Mapping[str, Any]) -> Markup:
    verdict = words.verdict(fleet)
    mark = el("svg", el("path", d=MARKS[verdict]), viewBox="0 0 24 24", class_="sign", aria_hidden="true")
    text = el("div", el("h1", words.headline(fleet)), el("p", words.summary(fleet), class_="says"))
    quiet = el("p", "analyzer report on a fleet", class_="quiet")
    return el("header", el("div", mark, el("div", text, quiet), class_="verdict"), class_=f"top v-{verdict}")


def _counts(nodes: Mapping[str, int]) -> Markup:
    rows = [el("div", el("dt", text), el("dd", f"{nodes[key]:,}", class_="count")) for key, text in words.COUNTS]
    if nodes["duplicates"]:
        rows.append(el("div", el("dt", "of these, copies"), el("dd", f"{nodes['duplicates']:,}", class_="count")))
    return el("section", _bar(nodes), el("dl", rows, class_="facts"), aria_label="Nodes by verdict")


def _bar(nodes: Mapping[str, int]) -> Markup:
    parts, left = [], 0.0
    for key, text in words.COUNTS:
        wide = BAR * nodes[key] / max(nodes["total"], 1)
        if nodes[key]:
            title = el("title", f"{nodes[key]:,} {text}")
            parts.append(el("rect", title, x=round(left, 2), y=0, width=round(wide, 2), height=HIGH, class_=key))
        left += wide
    label = ", ".join(f"{nodes[key]:,} {text}" for key, text in words.COUNTS)
    return el(
        "svg",
        parts,
        class_="fleet",
        role="img",
        aria_label=label,
        viewBox=f"0 0 {BAR} {HIGH}",
        preserveAspectRatio="none",
        width=BAR,
        height=HIGH,
    )


def _action(fleet: Mapping[str, Any]) -> Markup:
    found = fleet["action"]
    if found is None:
        return NOTHING
    steps = [
        el(
            "li",
            coded(step["effect"]),
            " ",
            el("span", RISKS[step["risk"]], class_=f"risk r-{step['risk']}") if step["risk"] != "none" else None,
            el("div", el("pre", step["command"]), class_="command") if step["command"] else None,
            el("p", coded(f"Then: {step['after']}."), class_="quiet") if step["after"] else None,
        )
        for step in found["steps"]
    ]
    return el(
        "section",
        el("h2", "Do this first"),
        el("p", words.action(fleet), class_="first"),
        el("p", words.plans(found)) if steps else None,
        el("ol", steps, class_="plan") if steps else None,
        id="first",
    )


def _families(fleet: Mapping[str, Any]) -> Markup:
    nodes = fleet["nodes"]
    cards = [_family(number, family, nodes) for number, family in enumerate(fleet["causes"], 1)]
    if not cards:
        return NOTHING
    return el("section", el("h2", "Causes, the most widespread first"), cards, id="causes")


def _family(number: int, family: Mapping[str, Any], nodes: Mapping[str, int]) -> Markup:
    analysed = nodes["total"] - nodes["failed"]
    chips = (
        el("span", family["severity"], class_=f"chip sev-{family['severity']}"),
        el("span", plural(family["nodes"], "node"), class_="chip"),
        el("span", f"first cause on {family['first_on']:,}", class_="chip"),
        el("span", f"surest {percent(family['probability'])}", class_="chip"),
    )
    more = family["nodes"] - len(family["examples"])
    tail = f" and {more:,} more" if more else ""
    listed = [part for name in family["examples"] for part in (el("code", name), ", ")][:-1]
    compared = family["compared"]
    said = words.comparison(family)
    shared = (
        el("p", said)
        if said
        else _table(
            "Shared facts",
            ("fact", "with the cause", "without it", "lift", "p, corrected"),
            (
                (
                    [
                        el("span", words.fact(row), class_="about"),
                        el("div", words.alike(row), class_="quiet") if row["alike"] else None,
                    ],
                    words.share(row["sick_with"], row["sick"]),
                    words.share(row["others_with"], row["others"]),
                    f"{row['lift']:.1f}",
                    words.chance(row["p_corrected"]),
                )
                for row in compared["shared"]
            ),
            f"and {compared['more']:,} more" if compared["more"] else "",
        )
    )
    objects = _table(
        "The same object on several nodes",
        ("nodes", "cause", "as on"),
        ((f"{row['nodes']:,}", row["title"], el("code", row["example"])) for row in family["objects"]),
        f"and {family['objects_more']:,} more" if family["objects_more"] else "",
    )
    return el(
        "article",
        el("h3", el("span", number, class_="rank"), " ", el("code", family["cause"])),
        el("p", family["what"]) if family["what"] else None,
        el("div", chips, class_="chips"),
        el(
            "p",
            f"On {words.share(family['nodes'], analysed)} of the analysed nodes; {words.damage(family)}.",
        ),
        el("p", words.dates(family)) if family["earliest"] else None,
        el("p", listed, tail),
        [el("h4", "The same object"), objects] if family["objects"] else None,
        el("h4", "What these nodes share and the others lack"),
        shared,
        el("p", words.LEADS, class_="quiet") if not said else None,
        class_=f"card sev-{family['severity']}",
    )


def _order(fleet: Mapping[str, Any]) -> Markup:
    rows = ((row["time"], el("code", row["node"]), el("code", row["cause"]), row["title"]) for row in fleet["order"])
    said = "When damage is dated, by the clock of each node; clocks of nodes may differ."
    head = ("time", "node", "cause", "what")
    first = f"The first {plural(len(fleet['order']), 'event')}"
    table = _table("Order of events", head, rows)
    if not table:
        return NOTHING
    return el(
        "section",
        el("h2", "Order of events"),
        el("p", said, class_="quiet"),
        _strip(fleet["strip"]) if fleet["strip"] else None,
        el("details", el("summary", first), table, open=not fleet["strip"]),
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


def _outliers(fleet: Mapping[str, Any]) -> Markup:
    rows = ((el("code", row["node"]), row["why"], row["what"], row["title"]) for row in fleet["outliers"])
    return _section("outliers", "Nodes unlike the others", ("node", "why", "what", ""), rows)


def _thin(fleet: Mapping[str, Any], nodes: Mapping[str, int]) -> Markup:
    rows = ((el("code", row["node"]), row["verdict"], row["because"]) for row in fleet["thin"])
    said = "These take no part in comparisons: what they lack may lie in what was not read."
    tail = words.cut(fleet["thin"], nodes["thin"])
    return _section("thin", "Captures too thin to compare", ("node", "verdict", "why"), rows, tail, said)


def _failed(fleet: Mapping[str, Any], nodes: Mapping[str, int]) -> Markup:
    rows = (
        (el("code", row["node"]), row["failure"], row["reason"], f"{row['tries']:,}", el("code", row["path"]))
        for row in fleet["failed"]
    )
    tail = words.cut(fleet["failed"], nodes["failed"])
    return _section("failed", "Bundles without a report", ("node", "kind", "reason", "tries", "path"), rows, tail)


def _copies(fleet: Mapping[str, Any], nodes: Mapping[str, int]) -> Markup:
    rows = ((el("code", row["node"]), el("code", row["of"])) for row in fleet["duplicates"])
    said = "The same bytes under several names: counted, but only one of them is compared."
    tail = words.cut(fleet["duplicates"], nodes["duplicates"])
    return _section("copies", "Copies", ("node", "has the content of"), rows, tail, said)


def _section(
    name: str,
    title: str,
    head: Sequence[str],
    rows: Iterable[Sequence[Child]],
    tail: str = "",
    before: str = "",
) -> Markup:
    table = _table(title, head, rows, tail)
    if not table:
        return NOTHING
    return el("section", el("h2", title), el("p", before, class_="quiet") if before else None, table, id=name)


def _table(label: str, head: Sequence[str], rows: Iterable[Sequence[Child]], tail: str = "") -> Markup:
    made = [el("tr", [el("td", cell) for cell in row]) for row in rows]
    if not made:
        return NOTHING
    top = el("tr", [el("th", name, scope="col") for name in head])
    table = el("table", el("caption", tail) if tail else None, el("thead", top), el("tbody", made))
    return scroller(label, table)
