"""The fleet report as one page: it loads nothing, and its script only searches, sorts and copies."""

from __future__ import annotations

from analyzer.fleet.html.page import fragment, render

__all__ = ["fragment", "render"]
