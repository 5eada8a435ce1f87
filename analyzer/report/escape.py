"""One encoder a target: text out of a bundle is hostile until it went through here."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from typing import Any
from urllib.parse import quote

CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    r"\ud800-\udfff\U000e0000-\U000e0fff]"
)
SURROGATE = re.compile(r"[\ud800-\udfff]")
NO_XML = re.compile(r"[\ufffe\uffff]")
NO_LABEL = re.compile(r"[^A-Za-z0-9 ./_+-]")
BACKTICKS = re.compile(r"`+")
MARKUP = re.compile(r"[\\`*_{}\[\]()<>#+!|~&$-]")
LINKS = re.compile(r"://|www\.|@|#\d|GH-\d|mailto:|xmpp:|!\[|\]\(", re.IGNORECASE)


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def inert(text: str) -> str:
    """Return text without anything a terminal or a reader's eye could be fooled by.

    Control characters, bidirectional and zero-width marks and undecodable bytes become a backslash, a letter and their
    code in hex.
    """
    return CONTROL.sub(_visible, text)


def json_text(text: str) -> str:
    """Return text that every JSON reader accepts: lone surrogates become visible escapes."""
    return text if text.isascii() else SURROGATE.sub(_visible, text)


def width(text: str) -> int:
    """Return how many terminal columns text takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) != 0 for char in text)


def shortened(text: str, columns: int) -> str:
    """Return text cut to a number of columns, with an ellipsis where something was cut."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[:-1]
    return text + "…"


def html_text(text: str) -> str:
    """Return text for HTML or SVG, fit for an element and for a quoted attribute."""
    return html.escape(inert(text))


def xml_text(text: str) -> str:
    """Return text for XML 1.0, an element or a quoted attribute."""
    return html.escape(NO_XML.sub(_visible, inert(text)))


def script_json(value: Any) -> str:
    """Return a value as JSON for a data block of an HTML page: every string inert, nothing that could end the block."""
    text = json.dumps(_inert_all(value), ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def json_shown(value: Any) -> str:
    """Return a value as JSON to be read by people: indented, with what could fool the eye as JSON escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return CONTROL.sub(lambda m: m.group() if m.group() == "\n" else _json_escape(m.group()), text)


def markdown_text(text: str) -> str:
    """Return text for a paragraph of GitHub-flavoured Markdown; what a forge would turn into a link becomes code."""
    return " ".join(markdown_code(word) if LINKS.search(word) else _plain(word) for word in inert(text).split(" "))


def markdown_code(text: str) -> str:
    """Return text as a code span, whatever backticks it holds."""
    safe = inert(text)
    if not safe.strip():
        return "` `"
    fence = "`" * (max(map(len, BACKTICKS.findall(safe)), default=0) + 1)
    space = " " if safe.startswith(("`", " ")) or safe.endswith(("`", " ")) else ""
    return f"{fence}{space}{safe}{space}{fence}"


def markdown_block(text: str, language: str = "") -> str:
    """Return lines as a fenced code block, whatever backticks they hold."""
    safe = "\n".join(inert(line) for line in text.split("\n"))
    fence = "`" * max(3, max(map(len, BACKTICKS.findall(safe)), default=0) + 1)
    return f"{fence}{language}\n{safe}\n{fence}"


def mermaid_text(text: str) -> str:
    """Return text for a quoted Mermaid label: all but letters, digits and a few marks as entity codes."""
    return NO_LABEL.sub(lambda m: f"#{ord(m.group())};", inert(text))


def sarif_text(text: str) -> str:
    """Return text for a SARIF plain text message: no placeholder, no embedded link."""
    return inert(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")


def uri_path(path: str) -> str:
    """Return a member path as a relative URI; undecodable bytes as the bytes they are."""
    return quote(path.encode("utf-8", "surrogateescape"), safe="/-._~")


def _plain(word: str) -> str:
    return MARKUP.sub(lambda m: f"&#{ord(m.group())};" if m.group() in "<>&" else "\\" + m.group(), word)


def _json_escape(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else json.dumps(char)[1:-1]


def _inert_all(value: Any) -> Any:
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, dict):
        return {inert(key): _inert_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_inert_all(item) for item in value]
    return value
