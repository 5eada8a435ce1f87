"""Lines for a terminal: text wrapped by the columns it takes, commands that a shell still takes, and colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzer.report.encode.text import width

PARTS = re.compile(r"[^/]*/+|[^/]+")
COLOURS = {"bad": "1;31", "warn": "1;33", "good": "1;32", "strong": "1", "quiet": "2"}
OFF = "\x1b[0m"
CONTINUED = " \\"
OPERATORS = (" &&", " ||", " |", " ;")


def painted(text: str, colour: str) -> str:
    """Return text in a colour by name; it must be inert already, and wrapped."""
    return f"\x1b[{COLOURS[colour]}m{text}{OFF}"


def wrapped(text: str, columns: int) -> list[str]:
    """Return inert text in lines of at most so many columns; a longer word is cut behind a slash where it has one."""
    return _filled(text.split(" "), columns) or [""]


def hanging(text: str, columns: int, first: str, rest: str) -> Iterator[str]:
    """Yield inert text wrapped, with `first` before its first line and `rest` before every other."""
    for number, line in enumerate(wrapped(text, columns - max(len(first), len(rest)))):
        yield (rest if number else first) + line


def labelled(label: str, text: str, columns: int, indent: int) -> Iterator[str]:
    """Yield inert text wrapped from one column on, with a label before its first line."""
    return hanging(text, columns, f"{label:<{indent}}", " " * indent)


def wrapped_command(command: str, columns: int) -> list[str]:
    """Return a shell command in lines that mean the same when they are pasted.

    Where it does not fit it is continued between words, outside of quotes, with a backslash: behind every `&&` and its
    like, and where a line is full. A word is never cut: one that is too long has a line to itself.
    """
    if width(command) <= columns:
        return [command]
    lines: list[str] = []
    line = ""
    for word in _shell_words(command):
        longer = f"{line} {word}" if line else word
        if line and (width(longer) > columns - len(CONTINUED) or line.endswith(OPERATORS)):
            lines.append(line + CONTINUED)
            longer = word
        line = longer
    return [*lines, line]


def _filled(words: Iterable[str], columns: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in words:
        for number, piece in enumerate(_pieces(word, columns)):
            glue = " " if line and number == 0 else ""
            if line and width(line) + len(glue) + width(piece) > columns:
                lines.append(line)
                line = piece
            else:
                line += glue + piece
    return [*lines, line] if line else lines


def _pieces(word: str, columns: int) -> Iterator[str]:
    """Yield a word that fits as it is, a longer one in pieces that fit."""
    if not word:
        return
    if width(word) <= columns:
        yield word
        return
    for part in PARTS.findall(word):
        piece = ""
        for char in part:
            if piece and width(piece + char) > columns:
                yield piece
                piece = ""
            piece += char
        yield piece


def _shell_words(command: str) -> Iterator[str]:
    """Yield words between unquoted spaces; a comment and all behind it is one word."""
    word, quote, escaped = "", "", False
    for number, char in enumerate(command):
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and not word:
            yield command[number:]
            return
        elif char == " ":
            if word:
                yield word
            word = ""
            continue
        word += char
    if word:
        yield word
