"""Targets of symlinks that the capture rewrote, put back.

GNU tar's `--transform` and bsdtar's `-s` change the targets of links like names unless told otherwise; afio writes
another text for `../`. What stands in
`overlay/l` is known (`../<id>/diff`), so one text in front of nearly every target there, and of every other symlink
of the bundle, is the capture's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from analyzer.snapshot.content import KIND_CODE, DiffTable
from analyzer.snapshot.store import Store
from analyzer.source.member import SYMLINK, Loss, Member

FORM = re.compile(r"(.*?)((?:\.\./)?)([0-9a-f]{64}/diff)", re.DOTALL)
UP = "../"
FEWEST = 3
"""Rewritten links to each other one: a short link may be wrong by itself."""


def put_back_targets(stores: Iterable[Store]) -> list[Loss]:
    """Undo one rewriting of all symlinks of a bundle, in place; returns the note that says so, if any."""
    known = list(stores)
    links = [each for store in known for each in store.home.links.values() if each.kind == SYMLINK]
    fronts = Counter((form[1], form[2]) for each in links if (form := FORM.fullmatch(each.link)))
    if not fronts:
        return []
    (front, up), count = fronts.most_common(1)[0]
    if count < len(links) and count < FEWEST * (len(links) - count):
        return []
    if up and not front:
        return []
    if front.startswith("/") and not up:
        return []
    if not up:
        change = f"`{front}` stands for `../` in front" if front else "`../` is missing in front"
        _each(links, lambda target: target if target.startswith(UP) else UP + target.removeprefix(front))
        for table in _tables(known) if front else ():
            _strip(table, front, UP)
    else:
        change = f"`{front}` stands in front"
        _each(links, lambda target: target.removeprefix(front))
        for table in _tables(known):
            _strip(table, front)
    where = links[0].path.rpartition("/")[0]
    return [Loss(f"{change} of the target of every short link: put there by the capture, and undone", where)]


def _each(links: list[Member], change: Callable[[str], str]) -> None:
    for member in links:
        member.link = change(member.link)


def _tables(stores: Iterable[Store]) -> list[DiffTable]:
    layers = [layer for store in stores for layer in store.home.layers.values()]
    return [table for layer in layers for table in layer.tables.values()]


def _strip(table: DiffTable, front: str, instead: str = "") -> None:
    """Replace a text at the front of the targets of one table's symlinks, as often as it stands there for another."""
    for row, (link, rdev, xattrs, outside) in table.extra.items():
        if table.kinds[row] == KIND_CODE[SYMLINK] and link.startswith(front):
            count = (len(link) - len(_end(link, front))) // len(front) if instead else 1
            table.extra[row] = (instead * count + link[count * len(front) :], rdev, xattrs, outside)


def _end(link: str, front: str) -> str:
    """Return a target without a text that its front repeats."""
    while link.startswith(front):
        link = link.removeprefix(front)
    return link
