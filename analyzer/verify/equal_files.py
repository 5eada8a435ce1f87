"""What finders of duplicates leave: equal files joined by hard links over layers, or symlinks instead of others."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping

from analyzer.capture.answer import Unknown
from analyzer.snapshot.content import FILE_CODE, KIND_CODE, DiffTable
from analyzer.source.member import FILE, HARDLINK
from analyzer.verify.facts import TYPE, LayerFacts

JOINED = Unknown("a program joined equal files of several layers by hard links, on the node or in a copy of it")
POINTED = Unknown("a program put symlinks in place of equal files, on the node or in a copy of it")
HARDLINK_CODE = KIND_CODE[HARDLINK]
SEVERAL = 2
"""Symlinks that lead to files of the recorded size from which on a program made them."""


def joined(tables: Collection[DiffTable]) -> frozenset[str]:
    """Return the member paths of files that are hard links into another layer, and of all other names of these files.

    No engine makes any but in a partial pull, which takes files over that are the same in all.
    """
    out = {path for table in tables for path in _links_out(table)}
    return frozenset(
        out | {path for table in tables for path, first in _links_in(table) if first in out} if out else ()
    )


def pointed(found: Iterable[LayerFacts], tables: Mapping[str, DiffTable]) -> frozenset[str]:
    """Return the member paths of symlinks in place of files that lead to a file of the recorded size in some layer.

    Args:
        found: what comparing the layers gave.
        tables: the files of the bundle by member path of their diff directory.
    """
    replaced = [
        (f"{facts.diff}/{each.path}", each.size) for facts in found for each in facts.of(TYPE) if each.kind == FILE
    ]
    paths = frozenset(path for path, size in replaced if (FILE_CODE, size) in _targets(path, tables))
    for table in tables.values() if replaced else ():
        table.forget_index()
    return paths if len(paths) >= SEVERAL else frozenset()


def _links_out(table: DiffTable) -> Iterator[str]:
    for row, (_, _, _, outside) in table.extra.items():
        if outside:
            yield f"{table.path}/{table.names[row]}"
            yield outside


def _links_in(table: DiffTable) -> Iterator[tuple[str, str]]:
    for row, (link, *_) in table.extra.items():
        if link and table.kinds[row] == HARDLINK_CODE:
            yield f"{table.path}/{table.names[row]}", f"{table.path}/{link}"


def _targets(path: str, tables: Mapping[str, DiffTable]) -> Iterator[tuple[int, int]]:
    """Yield kind and size of what a symlink may lead to.

    An absolute target begins outside of the bundle: which part of it is a path of the bundle is not known.
    """
    table, row = _find(path, tables)
    target = table.extra[row][0] if table is not None and row in table.extra else ""
    if target:
        whole = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)).lstrip("/")
        starts = [at + 1 for at, letter in enumerate(whole) if letter == "/"] if target.startswith("/") else []
        for at in (0, *starts):
            other, place = _find(whole[at:], tables)
            if other is not None:
                yield other.kinds[place], other.sizes[place]


def _find(path: str, tables: Mapping[str, DiffTable]) -> tuple[DiffTable | None, int]:
    """Return the table that has a member path, and its row; (None, -1) where no layer has it."""
    at = path.find("/")
    while at >= 0:
        table = tables.get(path[:at])
        if table is not None and (row := table.index.get(path[at + 1 :], -1)) >= 0:
            return table, row
        at = path.find("/", at + 1)
    return None, -1
