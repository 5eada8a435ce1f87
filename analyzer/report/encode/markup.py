"""Text for HTML, SVG and XML."""

from __future__ import annotations

import html
import re

from analyzer.report.encode.text import inert, visible

NO_XML = re.compile(r"[\ufffe\uffff]")


def html_text(text: str) -> str:
    """Return text for HTML or SVG, fit for an element and for a quoted attribute."""
    return html.escape(inert(text))


def xml_text(text: str) -> str:
    """Return text for XML 1.0, an element or a quoted attribute."""
    return html.escape(NO_XML.sub(visible, inert(text)))
