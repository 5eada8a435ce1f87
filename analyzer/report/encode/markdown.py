"""Text for GitHub-flavoured Markdown and for Mermaid labels in it."""

from __future__ import annotations

import re

from analyzer.report.encode.text import inert

NO_LABEL = re.compile(r"[^A-Za-z0-9 ./_+-]")
BACKTICKS = re.compile(r"`+")
MARKUP = re.compile(r"[\\`*_{}\[\]()<>#+!|~&$-]")
LINKS = re.compile(r"://|www\.|@|#\d|GH-\d|mailto:|xmpp:|!\[|\]\(", re.IGNORECASE)


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


def _plain(word: str) -> str:
    return MARKUP.sub(lambda m: f"&#{ord(m.group())};" if m.group() in "<>&" else "\\" + m.group(), word)
