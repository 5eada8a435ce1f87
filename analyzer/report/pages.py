"""The documentation page of a rule or cause family, taken apart: title, then sections of paragraphs."""

from __future__ import annotations

import textwrap


def page_title(page: str) -> str:
    """Return the first line."""
    return page.partition("\n")[0]


def page_sections(page: str) -> list[tuple[str, list[str]]]:
    """Return (heading, paragraphs) in order; each paragraph is one line of text."""
    sections: list[tuple[str, list[str]]] = []
    for line in page.splitlines()[1:]:
        if line and not line.startswith(" "):
            sections.append((line, []))
        elif sections:
            sections[-1][1].append(line)
    return [(heading, _paragraphs(lines)) for heading, lines in sections]


def page_markdown(page: str) -> str:
    """Return the page as Markdown: a paragraph, then bold section names."""
    parts = [page_title(page)]
    for heading, paragraphs in page_sections(page):
        parts.append(f"**{heading}**")
        parts.extend(paragraphs)
    return "\n\n".join(parts)


def page_text(page: str) -> str:
    """Return the page as plain text."""
    parts = [page_title(page)]
    parts.extend(f"{heading}: {' '.join(paragraphs)}" for heading, paragraphs in page_sections(page))
    return "\n\n".join(parts)


def _paragraphs(lines: list[str]) -> list[str]:
    blocks = textwrap.dedent("\n".join(lines)).strip().split("\n\n")
    return [" ".join(block.split()) for block in blocks if block.strip()]
