"""The report as one HTML file: opens offline from an e-mail, loads nothing, runs no script but its own."""

from __future__ import annotations

from analyzer.report.model.analysis import Analysis


def render(report: Analysis) -> str:
    """Return the page; the same bundle gives the same bytes."""
    from analyzer.report.formats.html import page  # noqa: PLC0415  a fleet's page takes the skin alone

    return page.render(report)
