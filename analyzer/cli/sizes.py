"""Numbers of bytes and counts as people write them: `4GiB`, `512M`, `20000`."""

from __future__ import annotations

import re

import click

SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", re.IGNORECASE)
UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


class Size(click.ParamType[int]):
    """A number of bytes, as `4GiB` or `512M` in binary units.

    Args:
        least: smallest size that makes sense; 0 is allowed beside it where `off` says so.
        why: what needs that much, for the message.
        off: 0 stands for no limit.
    """

    name = "size"

    def __init__(self, least: int = 1, why: str = "expected more", *, off: bool = False) -> None:
        self.least = least
        self.why = why
        self.off = off

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return bytes."""
        if isinstance(value, int) and not isinstance(value, bool):
            size = value
        else:
            match = SIZE.fullmatch(str(value).strip())
            if match is None:
                self.fail(f"{value!r}: expected a size such as 4GiB or 512MiB", param, ctx)
            size = int(float(match[1]) * (1 << UNITS[match[2].upper()]))
        if size < self.least and not (self.off and size == 0):
            self.fail(f"{value!r}: {self.why}", param, ctx)
        return size
