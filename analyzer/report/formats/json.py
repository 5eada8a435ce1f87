"""The report as JSON: ASCII only, two spaces, one document, a newline at the end."""

from __future__ import annotations

from analyzer.report.encode.json import json_document
from analyzer.report.formats.document import report_document
from analyzer.report.model.analysis import Analysis


def render(report: Analysis) -> str:
    """Return the document as text; the same bundle gives the same bytes."""
    return json_document(report_document(report))
