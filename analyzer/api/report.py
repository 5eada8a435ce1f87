"""The report that people and programs hold: the result of an analysis, and how it shows itself."""

from __future__ import annotations

from typing import Any

from analyzer.report.model.analysis import Analysis


class Report(Analysis, frozen=True):
    """Result of one analysis, as `analyze` gives it; prints as text, shows itself in a notebook."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of the report contract, schema version 1."""
        from analyzer.report.formats.document import report_document  # noqa: PLC0415  each format loads when it is asked for

        return report_document(self)

    def __repr__(self) -> str:
        from analyzer.report.formats.text import render  # noqa: PLC0415

        return render(self).rstrip()

    def _repr_html_(self) -> str:
        """Return the report for a notebook."""
        from analyzer.report.formats.notebook import report_html  # noqa: PLC0415

        return report_html(self)
