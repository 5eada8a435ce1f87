"""The report for a notebook cell: static HTML without script, style inline, every value escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from analyzer.report.escape import inert
from analyzer.report.text import render

if TYPE_CHECKING:
    from analyzer.report.report import Report

COLOURS = {"healthy": "#1b7837", "advisory": "#8c6d00", "damaged": "#b2182b", "undetermined": "#555555"}


def report_html(report: Report) -> str:
    """Return the verdict, a table of causes, and the text report folded below it."""
    verdict = report.verdict
    rows = "".join(
        f"<tr><td>{cause.rank}</td><td>{_safe(cause.severity)}</td><td>{cause.probability:.0%}</td>"
        f'<td style="text-align:left">{_safe(cause.hypothesis.title)}</td>'
        f"<td>{len(cause.hypothesis.affected.images)}</td><td>{len(cause.hypothesis.affected.containers)}</td></tr>"
        for cause in report.causes
    )
    head = "<tr><th>rank</th><th>severity</th><th>probability</th><th>cause</th><th>images</th><th>containers</th></tr>"
    table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else ""
    return (
        f'<div><p><b style="color:{COLOURS[verdict]}">{verdict.upper()}</b> {_safe(report.snapshot.bundle.path)}</p>'
        f"{table}<details><summary>whole report</summary><pre>{escape(render(report))}</pre></details></div>"
    )


def _safe(text: str) -> str:
    return escape(inert(text))
