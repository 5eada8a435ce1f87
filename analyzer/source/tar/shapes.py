"""Recognise pax payloads that are laid out like earlier ones, so that their records need no walk.

A bundle's writer emits the same few layouts over and over: a path, times, the same attributes. Such a layout becomes
one pattern that fixes the keyword, length and newline of every record and leaves open only the path and the digits
of the times. A payload that matches is framed as its lengths say; whatever does not match takes the walk in
`extras`. The patterns have no nested or overlapping repeats, so a match takes time linear in the payload.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from analyzer.source.member import NO_XATTRS

if TYPE_CHECKING:
    from collections.abc import Mapping

SHAPES = 6
"""Patterns kept: each costs a try on a payload that none fits."""
SEEN = 3
"""Payloads of one layout before it becomes a pattern."""
CANDIDATES = 64
LITERAL = 256
"""Longest record that may stand in a pattern as it is."""

_NOTHING = re.compile(rb"(?!)")
_PATH = rb"([0-9]{2,4}) path=(?:\./)?([^\n./](?:[^\n]*[^\n/])?)/?\n()"


class Shape(NamedTuple):
    """One layout.

    Attributes:
        pattern: matches the whole payload; groups: length and text of the path, an empty one where the path's
            record ends, the record of the modification time.
        xattrs: the attributes its fixed records give.
    """

    pattern: re.Pattern[bytes]
    xattrs: Mapping[str, bytes]


def _mtime() -> bytes:
    """Return the pattern of a time of ten-digit seconds (2001 to 2286) and up to nine digits of fraction."""
    forms = [b"%d mtime=[0-9]{10}\\.[0-9]{%d}" % (21 + digits, digits) for digits in range(9, 0, -1)]
    return b"(" + b"|".join([*forms, b"20 mtime=[0-9]{10}"]) + b")\n"


def _unread(key: bytes) -> bytes:
    """Return the pattern of a record whose value is not used, of any of the usual lengths."""
    forms = [b"%d %b=[^\n]{%d}" % (length, key, length - 10) for length in range(30, 19, -1)]
    return b"(?:" + b"|".join(forms) + b")\n"


_TIME = {b"mtime": _mtime(), b"atime": _unread(b"atime"), b"ctime": _unread(b"ctime")}
_TIME_RECORD = {key: re.compile(pattern) for key, pattern in _TIME.items()}


class Shapes:
    """The layouts of one archive, most recently useful first.

    Attributes:
        match: matches a payload against the layout at the front.
        xattrs: the attributes of that layout.
    """

    def __init__(self) -> None:
        self._shapes: list[Shape] = []
        self._candidates: dict[bytes, int] = {}
        self._full = False
        self.match = _NOTHING.match
        self.xattrs: Mapping[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._shapes)

    def again(self, data: bytes) -> None:
        """Put the layout that fits a payload first, after `match` failed on it."""
        for index, shape in enumerate(self._shapes):
            if shape.pattern.match(data):
                self._shapes.insert(0, self._shapes.pop(index))
                self._use()
                return

    def _use(self) -> None:
        self.match = self._shapes[0].pattern.match
        self.xattrs = self._shapes[0].xattrs

    def fit(self, data: bytearray, start: int, stop: int) -> tuple[re.Match[bytes] | None, Mapping[str, bytes]]:
        """Return how the first layout that fits `data[start:stop]` matches it, and the attributes of that layout."""
        for shape in self._shapes:
            if (match := shape.pattern.match(data, start, stop)) is not None:
                return match, shape.xattrs
        return None, NO_XATTRS

    def learn(self, data: bytes, xattrs: Mapping[str, bytes]) -> None:
        """Remember the layout of a payload of one-line records that was walked without a fault.

        Args:
            data: the payload.
            xattrs: what its attribute records gave.
        """
        if self._full:
            return
        parts, attributes = [], 0
        for line in data.split(b"\n")[:-1]:
            key = line.partition(b" ")[2].partition(b"=")[0]
            if key == b"path":
                parts.append(_PATH)
            elif key in _TIME and _TIME_RECORD[key].fullmatch(line + b"\n"):
                parts.append(_TIME[key])
            elif key.startswith(b"SCHILY.xattr.") and len(line) <= LITERAL:
                attributes += 1
                parts.append(re.escape(line) + b"\n")
            else:
                return
        if parts.count(_PATH) == parts.count(_TIME[b"mtime"]) == 1 and attributes == len(xattrs):
            self._count(b"".join(parts) + rb"\Z", xattrs)

    def _count(self, pattern: bytes, xattrs: Mapping[str, bytes]) -> None:
        seen = self._candidates[pattern] = self._candidates.get(pattern, 0) + 1
        if seen == SEEN:
            self._shapes.insert(0, Shape(re.compile(pattern), dict(xattrs)))
            self._use()
        self._full = len(self._shapes) >= SHAPES or len(self._candidates) >= CANDIDATES
