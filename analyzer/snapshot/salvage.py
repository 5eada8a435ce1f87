"""Read a JSON array of objects row by row, keeping every whole row of a damaged file.

Mirrors what containers/storage accepts (json-iterator in standard mode, see the store's `load` functions): a file
of 0 bytes is an empty list, a NUL after the array ends it, keys match without regard to case.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from analyzer.snapshot.provenance import Problem, Where

ROW_START = re.compile(r'\{\s*"id"\s*:')
FRAGMENT_ID = re.compile(r'"id"\s*:\s*"([0-9a-fA-F]{12,64})"')
SPACE = re.compile(r"[ \t\r\n]*")
SHOWN = 24


@dataclass(frozen=True, slots=True)
class Row:
    """One element of the array: its value, JSON pointer (`/3`) and byte offset in the file."""

    value: Any
    pointer: str
    offset: int


@dataclass(frozen=True, slots=True)
class Salvaged:
    """Rows that could be read, problems in file order, and ids seen in rows that could not be read."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    fragments: tuple[str, ...] = ()


class _Pairs(dict[str, Any]):
    """An object that remembers which of its keys came twice."""

    __slots__ = ("twice",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.twice = () if len(self) == len(pairs) else tuple(_repeated(pairs))


def _repeated(pairs: list[tuple[str, Any]]) -> list[str]:
    seen: set[str] = set()
    return [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON value")


DECODER = json.JSONDecoder(object_pairs_hook=_Pairs, parse_constant=_no_constant)


def duplicate_keys(value: Any) -> tuple[str, ...]:
    """Return the keys that came more than once in an object read by this module."""
    return value.twice if isinstance(value, _Pairs) else ()


def show(data: str) -> str:
    """Return the first characters of damaged text for a message."""
    return repr(data[:SHOWN]) + ("…" if len(data) > SHOWN else "")


def salvage_array(data: bytes, path: str, *, max_depth: int = 64) -> Salvaged:
    """Read `data` as a JSON array of objects.

    Args:
        data: bytes of the file as found.
        path: member path, for provenance.
        max_depth: deepest nesting accepted in a row.

    Returns:
        Every whole row in order with its pointer (the index among all row starts seen) and byte offset. Never
        raises for bad content.
    """
    if not data:
        problem = Problem("zero-length", Where(path), "a JSON array", "0 bytes")
        return Salvaged((), (problem,))
    return _Array(data, path, max_depth).read()


class _Array:
    """State of one pass over the text."""

    def __init__(self, data: bytes, path: str, max_depth: int) -> None:
        self.text = data.decode("utf-8", "surrogateescape")
        self.ascii = len(self.text) == len(data)
        self.path = path
        self.max_depth = max_depth
        self.rows: list[Row] = []
        self.problems: list[Problem] = []
        self.fragments: list[str] = []
        self.index = 0

    def offset(self, position: int) -> int:
        if self.ascii:
            return position
        return len(self.text[:position].encode("utf-8", "surrogateescape"))

    def problem(self, kind: str, position: int, expected: str, observed: str, pointer: str = "") -> None:
        self.problems.append(Problem(kind, Where(self.path, pointer, self.offset(position)), expected, observed))

    def read(self) -> Salvaged:
        text = self.text
        start = self.skip(0)
        if text.startswith("\ufeff", start):
            self.problem("byte-order-mark", start, "a JSON array", "a byte order mark")
            start = self.skip(start + 1)
        if text.startswith("null", start) and not text[start + 4 :].strip(" \t\r\n\0"):
            return Salvaged((), tuple(self.problems))
        if not text.startswith("[", start):
            kind = "nul-bytes" if text.startswith("\0", start) else "not-an-array"
            self.problem(kind, start, "a JSON array", show(text[start:]))
            end = self.resync(start)
        else:
            end = start + 1
        self.elements(end)
        return Salvaged(tuple(self.rows), tuple(self.problems), tuple(self.fragments))

    def skip(self, position: int) -> int:
        match = SPACE.match(self.text, position)
        return match.end() if match else position

    def resync(self, position: int) -> int:
        """Return where the next row starts, or the end of the text."""
        match = ROW_START.search(self.text, position)
        return match.start() if match else len(self.text)

    def elements(self, position: int) -> None:
        text, size = self.text, len(self.text)
        position = self.skip(position)
        if text.startswith("]", position):
            self.tail(position + 1)
            return
        while position < size:
            following = self.element(position)
            if following is None:
                return
            position = self.skip(following)
            if text.startswith(",", position):
                position = self.skip(position + 1)
                if position >= size:
                    break
            elif text.startswith("]", position):
                self.tail(position + 1)
                return
            elif position < size:
                self.damage(position, "`,` or `]`")
                position = self.resync(position)
        if not self.problems or self.problems[-1].kind != "cut":
            self.problem("cut", size, "`]` at the end of the array", "the end of the file")

    def element(self, position: int) -> int | None:
        """Read one row; return where it ends, or None when the rest of the file is lost."""
        pointer = f"/{self.index}"
        try:
            value, end = DECODER.raw_decode(self.text, position)
        except (ValueError, RecursionError) as error:
            self.unreadable(position, error, pointer)
            following = self.resync(position + 1)
            self.index += 1
            return following if following < len(self.text) else None
        self.index += 1
        if isinstance(value, dict) and _depth(value, self.max_depth) <= self.max_depth:
            self.rows.append(Row(value, pointer, self.offset(position)))
            for key in duplicate_keys(value):
                self.problem("duplicate-key", position, "each key once", f"{key!r} more than once", pointer)
        else:
            kind = "null-row" if value is None else "wrong-type"
            self.problem(kind, position, "an object", show(json.dumps(value)), pointer)
        return end

    def unreadable(self, position: int, error: Exception, pointer: str) -> None:
        fragment = FRAGMENT_ID.match(self.text, position + 1) or FRAGMENT_ID.match(self.text, self.skip(position + 1))
        if fragment:
            self.fragments.append(fragment.group(1).lower())
        at = error.pos if isinstance(error, json.JSONDecodeError) else position
        tail = self.text[at:]
        following = self.resync(position + 1)
        if following >= len(self.text) and "\0" not in tail:
            self.problem("cut", len(self.text), "the rest of the row", "the end of the file", pointer)
        else:
            self.damage(at, "JSON", pointer)

    def damage(self, position: int, expected: str, pointer: str = "") -> None:
        kind = "nul-bytes" if "\0" in self.text[position : position + SHOWN] else "syntax"
        self.problem(kind, position, expected, show(self.text[position:]), pointer)

    def tail(self, position: int) -> None:
        rest = self.text[position:]
        if not rest.strip(" \t\r\n"):
            return
        if not rest.strip("\0"):
            self.problem("nul-tail", position, "nothing after the array", f"{len(rest)} NUL bytes")
            return
        kind = "nul-tail" if rest.startswith("\0") else "trailing-bytes"
        self.problem(kind, position, "nothing after the array", show(rest))


def _depth(value: Any, limit: int) -> int:
    """Return the nesting of `value`, stopping one past `limit`."""
    level, depth = [value], 0
    while level and depth <= limit:
        depth += 1
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(child for child in item.values() if isinstance(child, dict | list))
            elif isinstance(item, list):
                inner.extend(child for child in item if isinstance(child, dict | list))
        level = inner
    return depth


def load_object(data: bytes) -> tuple[Any, str]:
    """Read one JSON document as Go's encoding/json would.

    Returns:
        (value, "") or (None, reason) where the reason is a few words for a message.
    """
    if not data:
        return None, "0 bytes"
    if not data.strip(b"\0"):
        return None, f"{len(data)} NUL bytes"
    try:
        value, end = DECODER.raw_decode(data.decode("utf-8", "surrogateescape").lstrip(" \t\r\n"))
    except (ValueError, RecursionError) as error:
        return None, f"not JSON ({error})" if not isinstance(error, RecursionError) else "nested too deep"
    rest = data.decode("utf-8", "surrogateescape").lstrip(" \t\r\n")[end:].strip(" \t\r\n")
    if rest:
        return None, f"bytes after the JSON value: {show(rest)}"
    return value, ""
