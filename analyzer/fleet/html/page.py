"""The page of a fleet: what to do first, causes, nodes, order of events, and what was not compared or read."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from analyzer.fleet import words
from analyzer.fleet.html.family import families
from analyzer.fleet.html.nodes import nodes_block
from analyzer.fleet.html.order import order_block
from analyzer.fleet.html.table import section
from analyzer.report.formats.html.skin import MARKS, content_hash, shared_script, styles
from analyzer.report.markup import NOTHING, Markup, coded, el
from analyzer.report.words import RISKS
from analyzer.version import __version__

BAR, HIGH = 960, 26
COLOURS = Markup(
    ".az .fleet rect{fill:var(--soft)}.az .fleet .healthy{fill:var(--good)}.az .fleet .advisory{fill:var(--warn)}"
    ".az .fleet .damaged{fill:var(--bad)}.az .fleet .undetermined{fill:var(--u)}.az .fleet{display:block;width:100%}"
    ".az .facts .count{font-size:1.5rem}.az td:first-child{min-width:8rem}"
    ".az #order td:nth-child(-n+3){white-space:nowrap}.az #failed td:nth-child(-n+2){white-space:nowrap}"
    ".az .chip.v-damaged{background:var(--bad-face);color:var(--bad)}"
    ".az .chip.v-advisory{background:var(--warn-face);color:var(--warn)}"
    ".az .chip.v-healthy{background:var(--good-face);color:var(--good)}"
    ".az #listing td:nth-child(1){min-width:9rem}.az #listing td:nth-child(3){min-width:16rem}"
    ".az #listing td:nth-child(n+4){white-space:nowrap}.az #matched{margin-left:auto}"
)


def render(fleet: Mapping[str, Any]) -> str:
    """Return the page of a fleet, from its document; the same document gives the same bytes."""
    style, script = Markup(styles() + COLOURS), _script()
    nodes = fleet["nodes"]
    blocks = (
        ("first", "First", _action(fleet)),
        ("nodes", "Nodes", nodes_block(fleet)),
        ("causes", "Causes", families(fleet)),
        ("order", "Order", order_block(fleet)),
        ("outliers", "Outliers", _outliers(fleet)),
        ("thin", "Thin captures", _thin(fleet, nodes)),
        ("failed", "No report", _failed(fleet, nodes)),
        ("copies", "Copies", _copies(fleet, nodes)),
    )
    shown = [(name, title, block) for name, title, block in blocks if block]
    allowed = f"style-src {content_hash(style)}; script-src {content_hash(script)}"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
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
        el("p", class_="status", id="status", role="status", aria_live="polite"),
        el("footer", f"analyzer {__version__}. This page loads nothing and sends nothing."),
        el("script", script),
        class_="az",
    )
    return f"<!DOCTYPE html>\n{el('html', head, body, lang='en')}\n"


def _script() -> Markup:
    own = files("analyzer.fleet.html").joinpath("fleet.js").read_text(encoding="utf-8")
    return Markup(shared_script() + own)


def fragment(fleet: Mapping[str, Any]) -> Markup:
    """Return verdict, counts, what to do first and causes, for a notebook cell."""
    style = el("style", Markup(styles() + COLOURS))
    return el("div", style, _banner(fleet), _counts(fleet["nodes"]), _action(fleet), families(fleet), class_="az cell")


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
            _command(step["command"]) if step["command"] else None,
            el("p", coded(f"Expect: {step['after']}."), class_="quiet") if step["after"] else None,
        )
        for step in found["steps"]
    ]
    return el(
        "section",
        el("h2", "Do this first"),
        el("p", coded(words.action(fleet)), class_="first"),
        el("p", words.plans(found)) if steps else None,
        el("ol", steps, class_="plan") if steps else None,
        id="first",
    )


def _command(text: str) -> Markup:
    copy = el("button", "Copy", type="button", class_="copy live", aria_label="Copy this command")
    return el("div", el("pre", el("code", text), tabindex="0"), copy, class_="command")


def _outliers(fleet: Mapping[str, Any]) -> Markup:
    rows = ((el("code", row["node"]), row["why"], row["what"], coded(row["title"])) for row in fleet["outliers"])
    return section("outliers", "Nodes unlike the others", ("node", "why", "what", "title"), rows)


def _thin(fleet: Mapping[str, Any], nodes: Mapping[str, int]) -> Markup:
    rows = ((el("code", row["node"]), row["verdict"], coded(row["because"])) for row in fleet["thin"])
    said = "These take no part in comparisons: what they lack may lie in what was not read."
    tail = words.cut(fleet["thin"], nodes["thin"])
    return section("thin", "Captures too thin to compare", ("node", "verdict", "why"), rows, tail, said)


def _failed(fleet: Mapping[str, Any], nodes: Mapping[str, int]) -> Markup:
    rows = (
        (el("code", row["node"]), row["failure"], coded(row["reason"]), f"{row['tries']:,}", el("code", row["path"]))
        for row in fleet["failed"]
    )
    tail = words.cut(fleet["failed"], nodes["failed"])
    return section("failed", "Bundles without a report", ("node", "kind", "reason", "tries", "path"), rows, tail)


def _copies(fleet: Mapping[str, Any], nodes: Mapping[str, int]) -> Markup:
    rows = ((el("code", row["node"]), el("code", row["of"])) for row in fleet["duplicates"])
    said = "The same bytes under several names: counted, but only one of them is compared."
    tail = words.cut(fleet["duplicates"], nodes["duplicates"])
    return section("copies", "Copies", ("node", "has the content of"), rows, tail, said)
