"""What every page of ours looks like, a report's and a fleet's: style, shared script, signs of the verdicts."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from analyzer.report.markup import Markup

MARKS = {
    "healthy": "M5 12l5 5 9-10",
    "advisory": "M12 4v10 M12 18v.5",
    "damaged": "M6 6l12 12 M18 6L6 18",
    "undetermined": "M8 9c0-6 9-5 8 0-.5 3-4 3-4 6 M12 19v.5",
}


def asset(name: str) -> Markup:
    """Return a file of the package as it is."""
    return Markup(files("analyzer.report").joinpath(name).read_text(encoding="utf-8"))


def styles() -> Markup:
    """Return the style sheet of reports, page and notebook alike."""
    return Markup(asset("formats/html/style.css") + asset("drawing/graph.css"))


def shared_script() -> Markup:
    """Return what the scripts of a report's page and of a fleet's page begin with."""
    return asset("formats/html/parts.js")


def content_hash(text: str) -> str:
    """Return a style sheet or script as the page's policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
