"""Users of the node and the ids that their name spaces may use: /etc/passwd, /etc/subuid, /etc/subgid (subuid(5))."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from analyzer.snapshot.host import Host

PASSWD = re.compile(r"(?:^|/)(?:etc/)?passwd$")
HOME = re.compile(r"(?:^|/)home/([^/]+)/")
LARGEST = (1 << 32) - 1


class SubordinateIds(Struct, frozen=True):
    """The ranges of one user: (first id, count) in file order; `path` and `line` (from 1) of the first of them."""

    path: str
    user: str
    line: int
    ranges: tuple[tuple[int, int], ...]

    def holds(self, number: int) -> bool:
        """Tell whether an id lies in a range."""
        return any(first <= number < first + count for first, count in self.ranges)


class User(Struct, frozen=True):
    """An entry of passwd."""

    name: str
    uid: int
    home: str


def users(host: Host) -> dict[int, User]:
    """Return the users of the captured passwd by number, the first of two."""
    found: dict[int, User] = {}
    for path, text in host.texts():
        if not PASSWD.search(path):
            continue
        for line in text.splitlines():
            parts = line.split(":")
            if len(parts) >= 6 and parts[2].isascii() and parts[2].isdigit() and len(parts[2]) <= 10:
                found.setdefault(int(parts[2]), User(parts[0], int(parts[2]), parts[5]))
    return found


def subordinate_ids(host: Host, kind: str, root: str, owner: int) -> SubordinateIds | None:
    """Return the ranges of the user that a graph root belongs to, None where the bundle does not tell.

    Args:
        host: captured files.
        kind: `subuid` or `subgid`.
        root: member path of the graph root, which may lie in a home directory.
        owner: number of its owner.
    """
    names = {str(owner)}
    if (user := users(host).get(owner)) is not None:
        names.add(user.name)
    elif (match := HOME.search(f"/{root}/")) is not None:
        names.add(match.group(1))
    for path, text in host.texts():
        if path.rpartition("/")[2] != kind:
            continue
        found = [(number, *fields) for number, fields in enumerate(map(_fields, text.splitlines()), 1) if fields]
        own = [each for each in found if each[1] in names]
        if own:
            return SubordinateIds(path, own[0][1], own[0][0], tuple((first, count) for _, _, first, count in own))
    return None


def _fields(line: str) -> tuple[str, int, int] | None:
    parts = line.strip().split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 10 for part in parts[1:]):
        return None
    first, count = int(parts[1]), int(parts[2])
    return (parts[0], first, count) if first + count - 1 <= LARGEST else None
