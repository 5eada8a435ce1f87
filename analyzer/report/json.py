"""The report as JSON: ASCII only, two spaces, one document, a newline at the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.report.report import Report


def render(report: Report) -> str:
    """Return the document as text; the same bundle gives the same bytes."""
    return json.dumps(report.to_dict(), ensure_ascii=True, indent=2) + "\n"
