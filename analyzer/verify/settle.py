"""Take out of the differences of layers what the capture made, and what nothing tells from it.

A name that is absent, foreign or of another kind is the store's only where its directory was changed after the layer
was unpacked (`analyzer.capture.clock`); modes and owners are only where the copy kept them
(`analyzer.verify.lost_attributes`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from analyzer.capture.answer import Answer, NotCaptured, Removed, Unknown
from analyzer.capture.clock import LayerClock
from analyzer.capture.links import of_front, rewriting
from analyzer.capture.model import NO_EMPTY, NO_EMPTY_FILES, NO_LINKS, Capture, keeps_empty
from analyzer.graph.relations import Relations
from analyzer.snapshot.content import DiffTable
from analyzer.snapshot.store import Store
from analyzer.source.member import DIRECTORY, FILE, HARDLINK, SYMLINK
from analyzer.verify.by_copy import TO, ByCopy, targets
from analyzer.verify.facts import (
    LINK,
    MISSING,
    MODE,
    NAMES,
    NODE,
    OPAQUE,
    OWNER,
    PLANTED,
    TYPE,
    WHITEOUT,
    Difference,
    LayerFacts,
)
from analyzer.verify.lost_attributes import LostAttributes
from analyzer.verify.lost_contents import LostContents
from analyzer.verify.names import LONE, Names, lone
from analyzer.verify.opaque_marks import NO_MARK, OPAQUE_MARK, TRUSTED, may_be_files

GONE = "missing"
NODE_THERE = re.compile(r"(a )?(char|block|fifo)\b")
"""What `analyzer.verify.differences` says of a node that is in the place of something else, or has other numbers."""
NUMBERLESS = " device 0:0"
FOLLOWED = "the capture followed symlinks"
REWRITTEN = "the capture rewrote the targets of symlinks"
UNCHANGED = "their directories have not changed since their layers were unpacked"
NO_FOLDERS = "the bundle holds no directory as an entry of its own"
NO_NODES = "the bundle holds no device node"
NO_NUMBERS = "the bundle holds no number of any device node"
NO_TRUSTED = "the bundle holds no attribute `trusted.`, which only root outside of containers can read"


def settle(
    capture: Capture, store: Store, rel: Relations, found: Mapping[str, LayerFacts], tables: Mapping[str, DiffTable]
) -> None:
    """Judge the differences of all layers of a store together; in place.

    Args:
        capture: how the bundle was captured.
        store: the store.
        rel: relations over the stores that are used together with it.
        found: what comparing its layers gave, by layer id.
        tables: the files of the bundle by member path of their diff directory.
    """
    if any(facts.counts for facts in found.values()):
        by_copy, contents = ByCopy(capture, found.values(), tables), LostContents(found.values(), tables)
        settler = _Settler(capture, store, rel, found, lone(found, tables), by_copy, contents)
        for facts in found.values():
            if facts.counts:
                settler.layer(facts, tables.get(facts.diff))


class _Settler:
    """What all layers of one store together show, to judge each of them."""

    def __init__(
        self,
        capture: Capture,
        store: Store,
        rel: Relations,
        found: Mapping[str, LayerFacts],
        alone: frozenset[str],
        by_copy: ByCopy,
        contents: LostContents,
    ) -> None:
        self.rel = rel
        self.alone = alone
        self.store = store
        self.capture = capture
        self.kept = self.capture.kept
        self.lost = LostAttributes(capture, store, found)
        self.contents = contents
        self.planted = {each.path for facts in found.values() for each in facts.of(PLANTED)}
        links = [each for facts in found.values() for each in facts.of(LINK)]
        self.rewriting = rewriting(map(targets, links))
        self.keeps_empty = any(map(keeps_empty, capture.stores))
        self.by_copy = by_copy

    def layer(self, facts: LayerFacts, table: DiffTable | None) -> None:
        """Sort the differences of one layer."""
        clock = self._clock(facts, table) if facts.count(*NAMES, OPAQUE) else None
        followed = {each.path for each in facts.of(TYPE) if self._followed(each)}
        unchanged = Unknown(LONE) if facts.record.id in self.alone else NotCaptured(UNCHANGED)
        names = Names(facts, self.planted)
        by_copy = self.by_copy.answers(facts) | dict.fromkeys(
            ((MISSING, path) for path in names.moved), Removed(None, "")
        )
        for facet, listed in list(facts.lists.items()):
            kept, undecided, left_out = [], [], Counter[str]()
            for each in listed:
                answer = by_copy.get((facet, each.path)) or self._answer(each, clock, followed, names)
                if each.observed == GONE and answer == NotCaptured(UNCHANGED):
                    answer = unchanged
                if isinstance(answer, NotCaptured):
                    left_out[answer.why] += 1
                    facts.doubts[each.facet] += answer.why == NO_NODES
                    if each.observed == GONE:
                        self.capture.absent_names.append(each.path)
                        self.capture.files_left_out += each.kind in (FILE, HARDLINK) and answer.why == UNCHANGED
                elif isinstance(answer, Unknown):
                    undecided.append(each)
                    self.capture.files_open += each.observed == GONE and not self.capture.directory_times
                elif answer.when_ns is not None and each.mtime_ns is None:
                    kept.append(each._replace(mtime_ns=answer.when_ns))
                else:
                    kept.append(each)
            facts.lists[facet] = kept
            if len(kept) < len(listed):
                _keep(facts, facet, kept, undecided, left_out)
                del left_out[NO_NODES]
                self.capture.left_out.update(left_out)
        if table is not None:
            table.forget_index()

    def _clock(self, facts: LayerFacts, table: DiffTable | None) -> LayerClock | None:
        directory = self.rel.directory(facts.record.id, self.store)
        if directory is None:
            return None
        if table is None:
            table = DiffTable(facts.diff)
        return self.capture.layer_clock((self.store, *self.rel.stores), facts.record, directory, table)

    def _followed(self, each: Difference) -> bool:
        """Tell whether something stands in the place of a symlink because the capture followed it."""
        recorded = each.kind == SYMLINK and each.facet == TYPE
        return recorded and self.kept.follows(each.expected.removeprefix(TO), each.observed)

    def _answer(self, each: Difference, clock: LayerClock | None, followed: set[str], names: Names) -> Answer:
        """Say whose a difference is.

        A name too many comes from a capture only where it followed a symlink, or wrote another name anew: then its
        directory, unchanged, lacks one. A copy adds nothing else, and it changes targets of symlinks by one rule or
        not at all. It makes no device node or FIFO of anything. What a program removed moved the time of its directory,
        whatever the copy keeps.
        """
        real = Removed(None, "")
        if each.facet in (MODE, OWNER):
            return (self.lost.mode(each) if each.facet == MODE else self.lost.owner(each)) or real
        if each.facet == OPAQUE and each.observed == NO_MARK:
            return self._mark_lost(each, clock)
        if each.facet not in NAMES:
            return self.contents.answer(each) or real
        gone = each.observed == GONE
        if each.facet != PLANTED and NODE_THERE.match(each.observed):
            return self._node(each)
        if self._followed(each) or (followed and each.facet == PLANTED and _below(each.path, followed)):
            return NotCaptured(FOLLOWED)
        answer = clock.answer(each.path) if clock is not None else Unknown("")
        if lost := self._kind_lost(each, gone=gone):
            return self.capture.none_left(self.store, answer, lost)
        if isinstance(answer, NotCaptured):
            if each.facet == PLANTED and not names.written_anew(each.path):
                return real
            if gone and names.renamed(each.path):
                return real
            if each.facet == LINK:
                return NotCaptured(REWRITTEN) if self.rewriting or of_front(*targets(each)) else real
            answer = NotCaptured(UNCHANGED)
        if isinstance(answer, Unknown) and not gone:
            return NotCaptured(REWRITTEN) if each.facet == LINK and self._rewritten(each) else real
        return answer

    def _rewritten(self, link: Difference) -> bool:
        """Tell whether one change of all targets explains that of a link, or the bundle has no absolute target."""
        return self.rewriting is not None or (not self.kept.absolute and of_front(*targets(link)))

    def _node(self, each: Difference) -> Answer:
        """Answer for a node that is in the place of something else, or has other numbers."""
        numberless = each.facet == NODE and not self.kept.numbers and each.observed.endswith(NUMBERLESS)
        return NotCaptured(NO_NUMBERS) if numberless else Removed(None, "")

    def _mark_lost(self, each: Difference, clock: LayerClock | None) -> Answer:
        """Answer for an opaque mark: an attribute, or a file where fuse-overlayfs unpacked the layer."""
        if may_be_files(self.store) and clock is not None:
            answer = clock.answer(f"{each.path}/{OPAQUE_MARK}".lstrip("/"))
            if not self.kept.empty_files:
                return self.capture.none_left(self.store, answer, NO_EMPTY_FILES)
            return NotCaptured(UNCHANGED) if isinstance(answer, NotCaptured) else answer
        if each.expected.startswith(TRUSTED) and not self.kept.trusted:
            return Unknown(NO_TRUSTED)
        return Removed(None, "")

    def _kind_lost(self, each: Difference, *, gone: bool) -> str:
        """Return which kind of entry the bundle holds nowhere, where the difference is about one; else `""`."""
        if gone and each.kind == SYMLINK and not self.kept.symlinks:
            return NO_LINKS
        if gone and each.kind == DIRECTORY and not self.kept.directories:
            return NO_FOLDERS
        if gone and not self.kept.empty_files and self._empty_file(each):
            return NO_EMPTY_FILES
        if gone and each.kind == DIRECTORY and not self.keeps_empty:
            return NO_EMPTY
        return NO_NODES if each.facet in (NODE, WHITEOUT) and not self.kept.nodes else ""

    def _empty_file(self, each: Difference) -> bool:
        """Tell whether a name was that of an empty file: whiteouts are where fuse-overlayfs unpacked the layer."""
        return (each.kind == FILE and not each.size) or (each.facet == WHITEOUT and may_be_files(self.store))


def _keep(
    facts: LayerFacts, facet: str, kept: list[Difference], undecided: list[Difference], left_out: Counter[str]
) -> None:
    """Leave only the differences that are the store's; those beyond the listed ones share the fate of all listed."""
    unlisted = facts.counts[facet] - len(kept) - len(undecided) - sum(left_out.values())
    facts.left_out += sum(left_out.values())
    facts.undecided += undecided
    facts.lists[facet] = kept
    facts.counts[facet] = len(kept)
    if not kept:
        if undecided:
            facts.more_undecided[facet] += unlisted
        else:
            facts.left_out += unlisted
        del facts.counts[facet], facts.lists[facet]
    elif facet in (MODE, OWNER):
        facts.patterns = Counter(
            {key: count for key, count in facts.patterns.items() if key[0] != facet}
            | Counter((facet, each.expected, each.observed) for each in kept)
        )


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _below(path: str, tops: set[str]) -> bool:
    parent = _parent(path)
    while parent:
        if parent in tops:
            return True
        parent = _parent(parent)
    return False
