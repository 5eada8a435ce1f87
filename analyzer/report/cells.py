"""What a notebook cell shows of one cause or one object: a picture and the facts, static, and the same as text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from analyzer.report.escape import inert
from analyzer.report.html.causes import causes
from analyzer.report.html.page import styles
from analyzer.report.markup import Markup, el
from analyzer.report.objects import Objects
from analyzer.report.words import percent, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analyzer.causes.model import Cause
    from analyzer.report.report import Report

SHOWN = 8
UNSHRUNK = '<svg style="max-width:none" '
"""Start of a drawing whose words stay readable: pages of notebooks shrink pictures to their own width."""


def framed(drawing: str) -> str:
    """Return a drawing in a box that scrolls where the page is narrower."""
    return f'<div style="overflow:auto;max-height:44em">{drawing.replace("<svg ", UNSHRUNK, 1)}</div>'


def object_html(title: str, drawing: str, text: str) -> str:
    """Return an object: its name, where it stands in the graph, and everything known of it folded below.

    Args:
        title: what it is, hostile text.
        drawing: an SVG.
        text: as printed, hostile text.
    """
    folded = el("details", el("summary", "Everything known of it"), preformatted(text))
    return el("div", el("strong", title), Markup(framed(drawing)), folded)


def preformatted(text: str) -> Markup:
    """Return text with its lines as they are."""
    return el("pre", [part for line in text.splitlines() for part in (line, Markup("\n"))])


def cause_html(report: Report, cause: Cause) -> str:
    """Return the card of one cause as the HTML report shows it."""
    alone = causes(replace(report, causes=(cause,)), Objects(report))
    return el("div", el("style", styles()), alone, class_="az cell")


def cause_text(cause: Mapping[str, Any]) -> str:
    """Return one cause of a report document as text."""
    return "\n".join(inert(line) for line in _cause_lines(cause))


def _cause_lines(cause: Mapping[str, Any]) -> Iterator[str]:
    yield f"{cause['rank']}. {cause['title']}"
    yield f"   {cause['severity']} · {percent(cause['probability'])} · {cause['id']}"
    for reason in cause["because"][:SHOWN]:
        yield f"   {reason['weight']:+.1f}  {reason['finding'] or ''} {reason['text']}"
    for reason in cause["against"][:SHOWN]:
        yield f"   {reason['weight']:+.1f}  {reason['text']}"
    hit = cause["affected"]
    yield f"   hits {plural(len(hit['images']), 'image')}, {plural(len(hit['containers']), 'container')}"
    for step in cause["plan"]:
        yield f"   {step['step']}. {step['effect']}"
        if step["command"]:
            yield f"      $ {step['command']}"
