"""Rows of what an engine listed, from its table or from its JSON."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from analyzer.snapshot.gojson import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMN = re.compile(r"\S+(?: \S+)*")
WIDEST = 64
"""Columns of a table, after which no further one is read."""
MOST = 100_000
"""Rows of all listings of a kind together, after which no further file is read."""


def listing_rows(text: str, head: re.Pattern[str], *keys: str) -> Iterator[dict[str, Any]]:
    """Yield the rows below a table's head, by the names of its columns; without a head, those of a JSON document.

    Args:
        text: a file's text.
        head: matches the head from the start of its first column to the end of the line.
        keys: what the rows stand under, where the document is an object.
    """
    lines = iter(text.splitlines())
    match = next(filter(None, map(head.search, lines)), None)
    if match is None:
        yield from _document(text, keys)
        return
    columns = [(column[0], match.start() + column.start()) for column in islice(COLUMN.finditer(match[0]), WIDEST)]
    ends = [start for _, start in columns[1:]]
    for line in lines:
        # cells begin where the words of the head do, and may be empty
        yield {name: line[start:end].strip() for (name, start), end in zip(columns, [*ends, len(line)], strict=True)}


def _document(text: str, keys: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    value, error = decode(text.encode("utf-8", "surrogateescape"))
    if isinstance(value, dict):
        value = next((value[key] for key in keys if key in value), None)
    for row in value if isinstance(value, list) and not error else ():
        if isinstance(row, dict):
            yield row


def first_text(row: dict[str, Any], *keys: str) -> str:
    """Return the first text under one of the keys; of a list its first."""
    for key in keys:
        value = row.get(key)
        if isinstance(value, list):
            value = value[0] if value else ""
        if isinstance(value, str) and value:
            return value
    return ""
