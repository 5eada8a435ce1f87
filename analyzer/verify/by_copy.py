"""What a copy made of names, targets and files, whatever the times of directories say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from analyzer.capture.answer import Answer, NotCaptured, Unknown
from analyzer.capture.links import cut_target
from analyzer.capture.model import Capture
from analyzer.capture.spelling import RESPELLED, respelled
from analyzer.snapshot.content import DiffTable
from analyzer.snapshot.copied_in import BY_DESKTOP
from analyzer.source.member import SYMLINK
from analyzer.verify.facts import (
    CONTENT,
    EMPTIED,
    LINK,
    MISSING,
    MODE,
    OWNER,
    PLANTED,
    SIZE,
    ZEROED,
    Difference,
    LayerFacts,
)

TO = "symlink to "
TORN = "the archive is damaged right behind their content"
CUT_TARGET = "targets of symlinks do not fit into the headers of the archive"
AS_FILES = "the copy wrote symlinks as files of another name"
ADDED = "a desktop added files to the copy"
STILL_OPEN = "removed files that were still open, as NFS and FUSE keep them"
OPEN_NAME = re.compile(r"(?:.*/)?\.(?:nfs[0-9a-f]{24}|fuse_hidden[0-9a-f]{16})", re.DOTALL)
"""Source: Linux fs/nfs/unlink.c (nfs_sillyrename), libfuse lib/fuse.c (hidden_name)."""
STREWN = "a program put files of one name into directories all over the store"
JOINED = Unknown("a program joined equal files of several layers by hard links, on the node or in a copy of it")
SEVERAL = 3
"""Directories of layers that have a name too many from which on a program went over all."""


class ByCopy:
    """What one copy did to all layers of a store.

    Args:
        capture: how the bundle was captured.
        found: what comparing the layers gave.
        tables: the files of all layers of the bundle.
    """

    def __init__(self, capture: Capture, found: Iterable[LayerFacts], tables: Iterable[DiffTable]) -> None:
        self.capture = capture
        breaks = (*capture.snapshot.archive_losses, *capture.snapshot.notes)
        self.torn = {each.after for each in breaks if each.after}
        planted = [each.path for facts in found for each in facts.of(PLANTED)]
        strewn = capture.strewn if planted else frozenset[str]()
        self.strewn = {name for name in strewn if sum(_name(path) == name for path in planted) >= SEVERAL}
        self.joined = frozenset(path for table in tables for path in _joined(table))

    def answers(self, facts: LayerFacts) -> dict[tuple[str, str], Answer]:
        """Answer for differences of one layer, by facet and path."""
        absent, foreign = ([each.path for each in facts.of(facet)] for facet in (MISSING, PLANTED))
        spelled = respelled(absent, foreign, lambda: self.capture.characters)
        found: dict[tuple[str, str], Answer] = {
            (facet, path): NotCaptured(RESPELLED) for facet in (MISSING, PLANTED) for path in spelled
        }
        for each in facts.of(LINK):
            wanted, seen = targets(each)
            if cut_target(wanted, seen):
                found[LINK, each.path] = NotCaptured(CUT_TARGET)
            elif self.capture.respelled(wanted, [seen]):
                found[LINK, each.path] = NotCaptured(RESPELLED)
        if not self.capture.kept.symlinks:
            links = {each.path for each in facts.of(MISSING) if each.kind == SYMLINK}
            found |= {(PLANTED, path): NotCaptured(AS_FILES) for path in foreign if path.rpartition(".")[0] in links}
        found |= self._with_path(facts, (SIZE, EMPTIED, ZEROED, CONTENT), self.torn, NotCaptured(TORN))
        found |= self._with_path(facts, (MODE, OWNER), self.joined, JOINED)
        if self.capture.by_desktop:
            found |= {(PLANTED, path): NotCaptured(ADDED) for path in foreign if BY_DESKTOP.fullmatch(path)}
        found |= {(PLANTED, path): NotCaptured(STILL_OPEN) for path in foreign if OPEN_NAME.fullmatch(path)}
        strewn = (path for path in foreign if not self.strewn.isdisjoint(path.split("/")))
        return found | {(PLANTED, path): NotCaptured(STREWN) for path in strewn}

    def _with_path(
        self, facts: LayerFacts, facets: tuple[str, ...], paths: AbstractSet[str], answer: Answer
    ) -> dict[tuple[str, str], Answer]:
        return {(each.facet, each.path): answer for each in facts.of(*facets) if f"{facts.diff}/{each.path}" in paths}


def targets(link: Difference) -> tuple[str, str]:
    """Return the target of a symlink as recorded and as found."""
    return link.expected.removeprefix(TO), link.observed.removeprefix(TO)


def _joined(table: DiffTable) -> Iterator[str]:
    """Yield the member paths of files that are hard links into another layer, and of those they lead to.

    No engine makes any but in a partial pull, which takes files over that are the same in all.
    """
    for row, (_, _, _, outside) in table.extra.items():
        if outside:
            yield f"{table.path}/{table.names[row]}"
            yield outside


def _name(path: str) -> str:
    return path.rpartition("/")[2]
