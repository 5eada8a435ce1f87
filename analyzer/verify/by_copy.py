"""What a copy made of names, targets and files, whatever the times of directories say."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet

from analyzer.capture.answer import Answer, NotCaptured, Unknown
from analyzer.capture.links import FIELD, cut_target
from analyzer.capture.model import Capture
from analyzer.capture.spelling import RESPELLED, respelled
from analyzer.snapshot.content import DiffTable
from analyzer.snapshot.copied_in import BY_DESKTOP
from analyzer.source.member import SYMLINK
from analyzer.source.tar.header import BLOCK
from analyzer.verify.equal_files import JOINED, POINTED, joined, pointed
from analyzer.verify.facts import (
    ATTRIBUTE,
    CONTENT,
    EMPTIED,
    LINK,
    MARK,
    MISSING,
    MODE,
    OWNER,
    PLANTED,
    SIZE,
    TYPE,
    ZEROED,
    Difference,
    LayerFacts,
)

TO = "symlink to "
TORN = "the archive is damaged right behind their content"
MISPLACED = Unknown("parts of the archive are missing or in another order: a file may hold what belongs to others")
CUT_NAME = "a long name was lost with a part of the archive: what its header holds of it is left"
FRONTS = (0, len("/"), len("./"))
"""What may stand in front of a name in its header, in bytes."""
CUT_TARGET = "targets of symlinks do not fit into the headers of the archive"
AS_FILES = "the copy wrote symlinks as files of another name"
ADDED = "a desktop added files to the copy"
STILL_OPEN = "removed files that were still open, as NFS and FUSE keep them"
OPEN_NAME = re.compile(r"(?:.*/)?\.(?:nfs[0-9a-f]{24}|fuse_hidden[0-9a-f]{16})", re.DOTALL)
"""Source: Linux fs/nfs/unlink.c (nfs_sillyrename), libfuse lib/fuse.c (hidden_name)."""
UNFINISHED = "rsync was stopped while it wrote them"
PARTIAL = re.compile(r"((?:.*/)?)\.(.+)\.[A-Za-z0-9]{6}", re.DOTALL)
"""Source: rsync receiver.c (get_tmpname)."""
STREWN = "a program put files of one name into directories all over the store"
SEVERAL = 3
"""Directories of layers that have a name too many from which on a program went over all."""


class ByCopy:
    """What one copy did to all layers of a store.

    Args:
        capture: how the bundle was captured.
        found: what comparing the layers gave.
        tables: the files of all layers of the bundle by member path of their diff directory.
    """

    def __init__(self, capture: Capture, found: Collection[LayerFacts], tables: Mapping[str, DiffTable]) -> None:
        self.capture = capture
        breaks = (*capture.snapshot.archive_losses, *capture.snapshot.notes)
        self.torn = {each.after for each in breaks if each.after}
        self.misplaced = any(each.after for each in capture.snapshot.archive_losses)
        planted = [each.path for facts in found for each in facts.of(PLANTED)]
        strewn = capture.strewn if planted else frozenset[str]()
        self.strewn = {name for name in strewn if sum(_name(path) == name for path in planted) >= SEVERAL}
        self.joined = joined(tables.values())
        self.pointed = pointed(found, tables)

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
        if self.misplaced:
            # tools split archives at whole blocks
            spread = (each for each in facts.of(CONTENT, ZEROED) if each.size > BLOCK)
            found |= {(each.facet, each.path): MISPLACED for each in spread}
        found |= self._with_path(facts, (SIZE, EMPTIED, ZEROED, CONTENT), self.torn, NotCaptured(TORN))
        found |= self._with_path(facts, (MODE, OWNER, ATTRIBUTE, MARK), self.joined, JOINED)
        found |= self._with_path(facts, (TYPE,), self.pointed, POINTED)
        found |= {(PLANTED, path): NotCaptured(CUT_NAME) for path in foreign if _cut_name(facts.diff, path, absent)}
        if self.capture.by_desktop:
            found |= {(PLANTED, path): NotCaptured(ADDED) for path in foreign if BY_DESKTOP.fullmatch(path)}
        found |= {(PLANTED, path): NotCaptured(STILL_OPEN) for path in foreign if OPEN_NAME.fullmatch(path)}
        lost = set(absent)
        parts = {path: whole for path in foreign if (whole := _unfinished(path)) in lost}
        found |= {(PLANTED, path): NotCaptured(UNFINISHED) for path in parts}
        found |= {(MISSING, path): NotCaptured(UNFINISHED) for path in parts.values()}
        strewn = (path for path in foreign if not self.strewn.isdisjoint(path.split("/")))
        return found | {(PLANTED, path): NotCaptured(STREWN) for path in strewn}

    def _with_path(
        self, facts: LayerFacts, facets: tuple[str, ...], paths: AbstractSet[str], answer: Answer
    ) -> dict[tuple[str, str], Answer]:
        return {(each.facet, each.path): answer for each in facts.of(*facets) if f"{facts.diff}/{each.path}" in paths}


def targets(link: Difference) -> tuple[str, str]:
    """Return the target of a symlink as recorded and as found."""
    return link.expected.removeprefix(TO), link.observed.removeprefix(TO)


def _cut_name(diff: str, path: str, absent: Iterable[str]) -> bool:
    """Tell whether a file's name is what the name field of a header holds of one that is absent from a layer."""
    room = FIELD - len(f"{diff}/{path}".encode("utf-8", "surrogateescape"))
    return room in FRONTS and any(each != path and each.startswith(path) for each in absent)


def _unfinished(path: str) -> str:
    """Return the path that a file of rsync's was to become, `""` for any other file."""
    match = PARTIAL.fullmatch(path)
    return f"{match[1]}{match[2]}" if match else ""


def _name(path: str) -> str:
    return path.rpartition("/")[2]
