"""Read a JSON array of objects row by row, keeping every whole row of a damaged file.

Mirrors what containers/storage accepts (json-iterator in standard mode, see the store's `load` functions): a file
of 0 bytes is an empty list, a NUL after the array ends it, keys match without regard to case.

Time is linear in the size of the file, however much of it is damaged.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from analyzer.limits import DEFAULT
from analyzer.snapshot.decoding import DECODER, WINDOW, NotJsonError, WindowDecoder, duplicate_keys
from analyzer.snapshot.gojson import whole_surrogates
from analyzer.snapshot.provenance import Problem, Where

UTF_16 = ("\udcff\udcfe", "\udcfe\udcff")
"""Byte order marks of UTF-16, as undecodable bytes stand in the text."""
ROW_START = re.compile(r'\{\s*"id"\s*:')
FRAGMENT_ID = re.compile(r'\{\s*"id"\s*:\s*"([0-9a-fA-F]{12,64})"')
SPACE = re.compile(r"[ \t\r\n]*")
SHOWN = 24
PATIENCE = 8
"""Times the text's length that may be looked at in vain; after that a row ends where the next one seems to start."""


class Row(Struct, frozen=True):
    """One element of the array: its value, JSON pointer (`/3`) and byte offset in the file."""

    value: Any
    pointer: str
    offset: int


class Salvaged(Struct, frozen=True):
    """Rows that could be read, problems in file order, and ids seen in rows that could not be read."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    fragments: tuple[str, ...] = ()


def show(data: str) -> str:
    """Return the first characters of damaged text for a message."""
    return repr(data[:SHOWN]) + ("…" if len(data) > SHOWN else "")


def salvage_array(data: bytes, path: str, *, max_depth: int = DEFAULT.json_depth) -> Salvaged:
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
        self.text = whole_surrogates(data.decode("utf-8", "surrogateescape"))
        self.ascii = len(self.text) == len(data)
        self.known = (0, 0)  # a position and its byte offset
        self.path = path
        self.max_depth = max_depth
        self.values = WindowDecoder(self.text)
        self.patience = PATIENCE * (len(self.text) + 2 * WINDOW)
        self.rows: list[Row] = []
        self.problems: list[Problem] = []
        self.fragments: list[str] = []
        self.index = 0

    def offset(self, position: int) -> int:
        """Return the byte offset of a position, counted on from the last one asked for."""
        if self.ascii:
            return position
        last, offset = self.known
        low, high = sorted((last, position))
        length = len(self.text[low:high].encode("utf-8", "surrogateescape"))
        offset += length if position > last else -length
        self.known = (position, offset)
        return offset

    def problem(self, kind: str, position: int, expected: str, observed: str, pointer: str = "") -> None:
        self.problems.append(Problem(kind, Where(self.path, pointer, self.offset(position)), expected, observed))

    def show(self, position: int) -> str:
        return show(self.text[position : position + SHOWN + 1])

    def read(self) -> Salvaged:
        text = self.text
        if text.startswith(UTF_16):
            self.problem("byte-order-mark", 0, "a JSON array in UTF-8", "text in UTF-16")
            return Salvaged((), tuple(self.problems))
        start = self.skip(0)
        if text.startswith("\ufeff", start):
            self.problem("byte-order-mark", start, "a JSON array", "a byte order mark")
            start = self.skip(start + 1)
        if text.startswith("null", start) and not text[start + 4 :].strip(" \t\r\n\0"):
            return Salvaged((), tuple(self.problems))
        if text.startswith("[", start):
            self.array(start + 1)
        else:
            kind = "nul-bytes" if text.startswith("\0", start) else "not-an-array"
            self.problem(kind, start, "a JSON array", self.show(start))
            self.elements(self.resync(start))
        return Salvaged(tuple(self.rows), tuple(self.problems), tuple(self.fragments))

    def skip(self, position: int) -> int:
        match = SPACE.match(self.text, position)
        return match.end() if match else position

    def resync(self, position: int) -> int:
        """Return where the next row starts, or the end of the text."""
        match = ROW_START.search(self.text, position)
        return match.start() if match else len(self.text)

    def array(self, position: int) -> None:
        position = self.skip(position)
        if self.text.startswith("]", position):
            self.tail(position + 1)
        elif not self.elements(position) and not (self.problems and self.problems[-1].kind == "cut"):
            self.problem("cut", len(self.text), "`]` at the end of the array", "the end of the file")

    def elements(self, position: int) -> bool:
        """Read rows up to the end of the array or of the text; tell whether the way it ended was accounted for."""
        text, size = self.text, len(self.text)
        while position < size:
            position, ended = self.element(position)
            if ended:
                position = self.skip(position)
                if text.startswith(",", position):
                    position = self.skip(position + 1)
                    continue
                if text.startswith("]", position):
                    self.tail(position + 1)
                    return True
                if position >= size:
                    return False
                self.damage(position, "`,` or `]`")
                position = self.resync(position)
            if position >= size:
                return True
        return False

    def element(self, position: int) -> tuple[int, bool]:
        """Read one row; return (where it ends, True), or (where the next one may begin, False) when it is damaged."""
        pointer = f"/{self.index}"
        self.index += 1
        try:
            value, end = self.values.decode(position, None if self.patience > 0 else self.resync(position + 1))
        except NotJsonError as error:
            return self.unreadable(position, error, pointer), False
        if self.values.constants:
            self.fragment(position)
            self.problem("syntax", position, "JSON", f"a row with {self.values.constants[0]}", pointer)
        elif not isinstance(value, dict):
            kind = "null-row" if value is None else "wrong-type"
            self.problem(kind, position, "an object", show(self.text[position:end]), pointer)
        elif _depth(value, self.max_depth) > self.max_depth:
            self.fragment(position)
            self.too_deep(position, pointer)
        else:
            self.rows.append(Row(value, pointer, self.offset(position)))
            for key in duplicate_keys(value):
                self.problem("duplicate-key", position, "each key once", f"{key!r} more than once", pointer)
        return end, True

    def fragment(self, position: int) -> None:
        if found := FRAGMENT_ID.match(self.text, position):
            self.fragments.append(found.group(1).lower())

    def too_deep(self, position: int, pointer: str) -> None:
        self.problem("too-deep", position, f"a row nested up to {self.max_depth} deep", self.show(position), pointer)

    def unreadable(self, position: int, error: NotJsonError, pointer: str) -> int:
        self.fragment(position)
        self.patience -= error.looked
        following = self.resync(position + 1)
        if error.deep:
            self.too_deep(position, pointer)
        elif error.cut and following >= len(self.text):
            self.problem("cut", following, "the rest of the row", "the end of the file", pointer)
        else:
            self.damage(error.at, "JSON", pointer)
        return following

    def damage(self, position: int, expected: str, pointer: str = "") -> None:
        kind = "nul-bytes" if "\0" in self.text[position : position + SHOWN] else "syntax"
        self.problem(kind, position, expected, self.show(position), pointer)

    def tail(self, position: int) -> None:
        position = self.skip(position)
        rest = self.text[position:]
        if not rest:
            return
        kind = "nul-tail" if rest.startswith("\0") else "trailing-bytes"
        observed = show(rest) if rest.strip("\0") else f"{len(rest)} NUL bytes"
        self.problem(kind, position, "nothing after the array", observed)


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
    text = whole_surrogates(data.decode("utf-8", "surrogateescape")).strip(" \t\r\n")
    try:
        value, end = DECODER.raw_decode(text)
    except RecursionError:
        return None, "nested too deep"
    except ValueError as error:
        return None, f"not JSON ({error})"
    if end < len(text):
        return None, f"bytes after the JSON value: {show(text[end:])}"
    return value, ""
