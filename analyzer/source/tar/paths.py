"""The paths of many members at once, and whether they would be changed by cleaning (`header.clean_path`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.source.tar.columns import DOT, NEWLINE, SLASH, rows_of

if TYPE_CHECKING:
    from analyzer.source.tar.columns import Column

UNCLEAN = re.compile(rb"\0|(?:^|/)\.{0,2}(?:/|\Z)")


def clean(path: bytes) -> bool:
    """Tell whether cleaning would not change a path."""
    return UNCLEAN.search(path) is None


def all_clean(lines: bytes) -> bool:
    """Tell whether cleaning would change no path among lines of one path each, with a newline before and behind all."""
    text = np.frombuffer(lines, np.uint8)
    ends = (text == SLASH) | (text == NEWLINE)
    if (ends[1:] & ends[:-1]).any() or b"\0" in lines:
        return False
    dots = np.flatnonzero(ends[:-1] & (text[1:] == DOT)) + 1
    behind, last = dots + 1, len(text) - 1
    return not (ends[behind] | (text[behind] == DOT) & ends[np.minimum(behind + 1, last)]).any()


class Paths(NamedTuple):
    """The paths of consecutive members, none with a newline in it and none that cleaning would change.

    Attributes:
        text: each path with a newline before it, and one behind the last.
        starts: where in it each path starts, and where one more would.
    """

    text: bytes
    starts: Column

    @classmethod
    def of(cls, paths: Sequence[bytes | bytearray], lengths: Column) -> Paths:
        """Return paths whose lengths are known."""
        starts = np.ones(len(paths) + 1, np.int64)
        np.cumsum(lengths + 1, out=starts[1:])
        starts[1:] += 1
        return cls(b"\n".join((b"", *paths, b"")), starts)

    def part(self, start: int, stop: int) -> Paths:
        """Return the paths from `start` up to `stop`."""
        first = int(self.starts[start]) - 1
        return Paths(self.text[first : int(self.starts[stop])], self.starts[start : stop + 1] - first)

    def below(self, prefix: bytes) -> int:
        """Return how many paths there are before the first that does not begin with `prefix`."""
        data, count = np.frombuffer(self.text, np.uint8), len(self.starts) - 1
        enough = np.diff(self.starts) > len(prefix)
        starts = self.starts[:count][: count if enough.all() else int(enough.argmin())]
        starts = starts[: np.searchsorted(starts, len(data) - len(prefix), "right")]
        same = (rows_of(data, starts, len(prefix)) == np.frombuffer(prefix, np.uint8)).all(axis=1)
        return len(same) if same.all() else int(same.argmin())

    def behind(self, prefix: bytes) -> list[str]:
        """Return what follows `prefix`, which all paths have; bytes that are no UTF-8 become surrogate escapes."""
        text = self.text.replace(b"\n" + prefix, b"\n")
        return text[1:-1].decode("utf-8", "surrogateescape").split("\n") if len(self.starts) > 1 else []
