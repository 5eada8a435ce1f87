"""Which changes explain a cause that came or went: those of the things it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from analyzer.causes.model import Cause
from analyzer.compare.findings import causes_by_key
from analyzer.compare.model import (
    ANSWER,
    CAUSE,
    CONTAINER,
    DIFFERENT,
    ENGINE,
    FINDING,
    GONE,
    IMAGE,
    LAYER,
    MIRRORED,
    NEW,
    STORE,
    Account,
    Change,
    JudgedCapture,
)

NOT_THINGS = frozenset({CAUSE, FINDING, ANSWER, ENGINE, STORE})


def accounts(a: JudgedCapture, b: JudgedCapture, changes: Sequence[Change]) -> Iterator[Account]:
    """Yield each cause that came or went, with the changes of what it is about.

    A change belongs to a cause when it is of an object that the cause names, of one that a finding of it names, or of
    a file that is its evidence; or when it is of an image or container that stood on such a layer and is not in the
    capture with the cause. Changes of the cause's own subjects come first.
    """
    things = _Things(changes)
    sides = {GONE: (a, b), NEW: (b, a)}
    causes = {state: causes_by_key(side) for state, (side, _) in sides.items()}
    for change in changes:
        if change.kind == CAUSE and change.state in sides:
            side, other = sides[change.state]
            cause = causes[change.state][change.item.key]
            near, far = things.of(cause, side), things.lost(cause, MIRRORED[change.state], other)
            yield Account(change, tuple({id(each): each for each in (*near, *far)}.values()))


class _Things:
    """What differs, by the ids and paths it goes by."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._by_id: dict[str, list[Change]] = {}
        self._by_path: dict[str, list[Change]] = {}
        for change in changes:
            if change.state in DIFFERENT and change.kind not in NOT_THINGS:
                for name in {change.item.key, change.item.owner} - {""}:
                    self._by_id.setdefault(name, []).append(change)
                for path in {each.path for each in (change.before, change.after) if each is not None}:
                    self._by_path.setdefault(path, []).append(change)

    def of(self, cause: Cause, side: JudgedCapture) -> Iterator[Change]:
        """Yield changes of a cause's subjects, then those of what its findings name."""
        subjects = cause.hypothesis.subjects
        own = {subject.id for subject in subjects} - {""}
        ids: set[str] = set()
        paths = {subject.path for subject in subjects if not subject.id}
        for finding in cause.hypothesis.explains:
            ids |= {finding.subject.id, *_ids(finding.facts)} - {""}
            paths |= {evidence.where.path for evidence in finding.evidence}
        index = {document.path for store in side.snapshot.stores for document in store.documents.values()}
        paths -= index - {subject.path for subject in subjects}  # where records lie says nothing of a record
        yield from self._ordered(each for name in own for each in self._by_id.get(name, ()))
        named = (each for name in ids - own for each in self._by_id.get(name, ()))
        placed = (each for path in paths for each in self._by_path.get(path, ()))
        yield from self._ordered((*named, *placed))

    def lost(self, cause: Cause, state: str, other: JudgedCapture) -> Iterator[Change]:
        """Yield what stood on the layers that a cause is about, and does so only in the other capture."""
        layers = {subject.id for subject in cause.hypothesis.subjects if subject.kind == LAYER}
        stood: set[str] = set()
        for rel in other.relations if layers else ():
            stood |= rel.images_hit(layers) | rel.containers_hit(layers)
        found = (each for name in stood for each in self._by_id.get(name, ()))
        yield from self._ordered(each for each in found if each.kind in (IMAGE, CONTAINER) and each.state == state)

    @staticmethod
    def _ordered(changes: Iterable[Change]) -> list[Change]:
        return sorted(changes, key=lambda change: change.order)


def _ids(facts: Any) -> Iterator[str]:
    """Yield full ids in the facts of a finding."""
    if isinstance(facts, str):
        if len(facts) == 64 and facts.isalnum():
            yield facts
    elif isinstance(facts, dict):
        for value in facts.values():
            yield from _ids(value)
    elif isinstance(facts, list | tuple | set | frozenset):
        for value in facts:
            yield from _ids(value)
