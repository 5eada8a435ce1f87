"""Text and places for SARIF."""

from __future__ import annotations

from urllib.parse import quote

from analyzer.report.encode.text import inert


def sarif_text(text: str) -> str:
    """Return text for a SARIF plain text message: no placeholder, no embedded link."""
    return inert(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")


def uri_path(path: str) -> str:
    """Return a member path as a relative URI; undecodable bytes as the bytes they are."""
    return quote(path.encode("utf-8", "surrogateescape"), safe="/-._~")
