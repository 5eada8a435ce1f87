"""The report for a notebook cell: the page's first screen, static, without script, its style in the cell."""

from __future__ import annotations

from analyzer.report.formats.html.page import fragment
from analyzer.report.formats.html.skin import styles
from analyzer.report.formats.text import render
from analyzer.report.markup import el
from analyzer.report.model.analysis import Analysis


def report_html(report: Analysis) -> str:
    """Return verdict, facts, causes with their pictures, and the text report folded below."""
    text = el("details", el("summary", "The same as text"), el("pre", el("code", _lines(render(report)))))
    return el("div", el("style", styles()), fragment(report), text, class_="az cell")


def _lines(text: str) -> list[str]:
    """Return the lines with their ends: the encoder would show a line feed as what it is."""
    return [part for line in text.splitlines() for part in (line, el("br"))]
