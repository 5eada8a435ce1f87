"""The report as one HTML file: opens offline from an e-mail, loads nothing, runs no script but its own."""

from __future__ import annotations

from analyzer.report.formats.html.page import render

__all__ = ["render"]
