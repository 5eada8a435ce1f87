"""Decode values out of a long text, in time that does not depend on what lies before them.

The standard decoder's errors count the lines of all the text before them. In a file with much damage that cost grows
with the square of its size, so the decoder here sees a window of the text that grows until it holds the value.
"""

from __future__ import annotations

import json
import re
from typing import Any

CUT_TOKEN = re.compile(r"|-|t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?|\.|[eE][+-]?")
DIGITS = 40
WINDOW = 1 << 18
NEAR = 16
"""Characters before the end of a window within which an error may come of the window, not of the text."""


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


def _integer(text: str) -> int | float:
    """Return an integer; one that fits no field of any record comes as a float, since `int` refuses very long ones."""
    return int(text) if len(text) <= DIGITS else float(text)


DECODER = json.JSONDecoder(object_pairs_hook=_Pairs, parse_constant=_no_constant, parse_int=_integer)


def duplicate_keys(value: Any) -> tuple[str, ...]:
    """Return the keys that came more than once in an object read by this module."""
    return value.twice if isinstance(value, _Pairs) else ()


class NotJsonError(Exception):
    """A value that is no JSON.

    Attributes:
        at: position of the error in the text.
        looked: characters that were looked at in vain.
        cut: the text ends inside the value.
    """

    def __init__(self, at: int, looked: int, *, cut: bool = False, deep: bool = False) -> None:
        super().__init__()
        self.at = at
        self.looked = looked
        self.cut = cut
        self.deep = deep


class WindowDecoder:
    """Decodes values of a text through a window that grows until it holds the value."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.constants: list[str] = []
        self.decoder = json.JSONDecoder(
            object_pairs_hook=_Pairs, parse_constant=self.constants.append, parse_int=_integer
        )
        self._slide(0, 2 * WINDOW)

    def _slide(self, position: int, size: int) -> None:
        self.base = position
        self.window = self.text[position : position + size]
        self.to_the_end = position + size >= len(self.text)

    def decode(self, position: int, limit: int | None = None) -> tuple[Any, int]:
        """Return the value at `position` and where it ends; `constants` then holds any `NaN` or `Infinity` in it.

        Args:
            position: where it starts.
            limit: look at nothing from here on; once given, it has to be given every time.

        Raises:
            NotJsonError: there is no JSON value.
        """
        self.constants.clear()
        if limit is not None:
            self._slide(position, limit - position)
            self.to_the_end = True
        elif not self.base <= position <= self.base + WINDOW:
            self._slide(position, 2 * WINDOW)
        while True:
            start = position - self.base
            try:
                value, end = self.decoder.raw_decode(self.window, start)
            except json.JSONDecodeError as error:
                open_string = error.msg.startswith("Unterminated")
                if self.to_the_end or not (open_string or error.pos >= len(self.window) - NEAR):
                    raise NotJsonError(
                        self.base + error.pos, error.pos - start, cut=open_string or self._cut(error)
                    ) from None
            except RecursionError:
                raise NotJsonError(position, len(self.window) - start, deep=True) from None
            else:
                if self.to_the_end or end < len(self.window):
                    return value, self.base + end
            self._slide(position, 2 * len(self.window))

    def _cut(self, error: json.JSONDecodeError) -> bool:
        """Tell whether the text ends inside a token at the error."""
        tail = self.window[error.pos : error.pos + NEAR]
        if error.msg.startswith("Invalid \\u"):
            return len(tail) < len("\\uXXXX")
        return CUT_TOKEN.fullmatch(tail) is not None
