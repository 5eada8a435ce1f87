"""What a notebook cell shows of one cause or one object: a picture and the facts, static, and the same as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from analyzer.causes.model import Cause
from analyzer.report.encode.text import inert
from analyzer.report.formats.html.causes import causes
from analyzer.report.formats.html.skin import styles
from analyzer.report.markup import Markup, el
from analyzer.report.model.analysis import Analysis
from analyzer.report.model.objects import Objects
from analyzer.words import percent, whom

SHOWN = 8
MONOSPACE = "font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre;overflow-x:auto"
WIDTH = re.compile(r'<svg [^>]*?width="(\d+)"')
LEAST = 0.55
"""Share of its own size to which a drawing may shrink before its words get too small to be read."""


def framed(drawing: str) -> str:
    """Return a drawing that fits the width of the page, in a box that scrolls where it would get too small."""
    match = WIDTH.match(drawing)
    wide = int(match.group(1)) if match else 0
    style = f"width:100%;max-width:{wide}px;min-width:{round(LEAST * wide)}px;height:auto" if wide else "max-width:none"
    shown = drawing.replace("<svg ", f'<svg style="{style}" ', 1)
    return f'<div style="overflow:auto;max-height:44em">{shown}</div>'


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
    """Return text with its lines as they are; notebooks do not all give `pre` letters of one width."""
    return el("pre", [part for line in text.splitlines() for part in (line, Markup("\n"))], style=MONOSPACE)


def cause_html(report: Analysis, cause: Cause) -> str:
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
    yield f"   affects {whom(len(hit['images']), len(hit['containers']))}"
    for step in cause["plan"]:
        yield f"   {step['step']}. {step['effect']}"
        if step["command"]:
            yield f"      $ {step['command']}"
