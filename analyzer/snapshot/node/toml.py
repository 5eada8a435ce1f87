"""A TOML file of the node, whatever is in it: its table, or why there is none."""

from __future__ import annotations

import tomllib
from typing import Any

MOST_DOTS = 256
"""Dots of one line. A dotted key costs the square of its length, and no line of these files comes near."""


def read_toml(text: str) -> tuple[dict[str, Any], str]:
    """Return (the file's table, empty where it cannot be read; why it cannot, `""` where it can)."""
    if any(line.count(".") > MOST_DOTS for line in text.split("\n")):
        return {}, f"a line has more than {MOST_DOTS} dots"
    try:
        return tomllib.loads(text), ""
    except ValueError as error:  # a number of more digits than Python reads is no TOMLDecodeError
        return {}, str(error).partition("\n")[0]
    except RecursionError:
        return {}, "it is nested too deep"
