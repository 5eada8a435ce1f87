"""Text for a terminal and for every reader's eye: nothing that moves, hides or turns it round."""

from __future__ import annotations

import re
import unicodedata

CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    r"\ud800-\udfff\U000e0000-\U000e0fff]"
)

LONG_ID = re.compile(r"\b[0-9a-f]{64}\b")


def visible(match: re.Match[str]) -> str:
    """Return the code of one character, or of one undecodable byte, as a visible escape."""
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
    return CONTROL.sub(visible, text)


def width(text: str) -> int:
    """Return how many terminal columns text takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) != 0 for char in text)


def short_ids(text: str, mark: str = "") -> str:
    """Return text with every full id cut to its first twelve digits, and a mark behind each."""
    return LONG_ID.sub(lambda match: match.group()[:12] + mark, text)


def shortened(text: str, columns: int) -> str:
    """Return text cut to a number of columns, with an ellipsis where something was cut."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[:-1]
    return text + "…"


def middle_cut(text: str, columns: int) -> str:
    """Return inert text in so many columns: what is too long loses its middle, since names differ at both ends."""
    if width(text) <= columns:
        return text
    tail = (columns - 1) // 2
    head = columns - 1 - tail
    first, last = text, text
    while first and width(first) > head:
        first = first[: -max(1, (width(first) - head) // 2)]
    while last and width(last) > tail:
        last = last[max(1, (width(last) - tail) // 2) :]
    return f"{first}…{last}"
