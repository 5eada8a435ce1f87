"""Compare two captures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from analyzer.compare import data, driver, records
from analyzer.compare.cause_changes import accounts
from analyzer.compare.coverage import unseen
from analyzer.compare.files import Files
from analyzer.compare.findings import cause_changes, finding_changes
from analyzer.compare.match import Reason, keyed, match
from analyzer.compare.model import (
    ANSWER,
    CONTAINER,
    CONTAINER_DATA,
    DIRECTORY,
    FILE,
    IMAGE,
    IMAGE_DATA,
    INDEX,
    LAYER,
    LAYER_DATA,
    LINK,
    NAME,
    A,
    B,
    CaptureGap,
    Change,
    ComparedItem,
    Comparison,
    JudgedCapture,
)
from analyzer.compare.node import NOT_HELD, answer_changes, node_changes, store_changes
from analyzer.compare.pairs import Pair, lacking, pairs
from analyzer.graph.relations import Relations
from analyzer.snapshot.store import Store
from analyzer.words import plural

THINGS: dict[str, Callable[[Relations], Iterator[ComparedItem]]] = {
    INDEX: data.indexes,
    IMAGE: records.images,
    NAME: records.names,
    LAYER: records.layers,
    CONTAINER: records.containers,
    DIRECTORY: driver.directories,
    LINK: driver.links,
    IMAGE_DATA: data.image_data,
    LAYER_DATA: data.layer_data,
    CONTAINER_DATA: data.container_data,
}


def compare(a: JudgedCapture, b: JudgedCapture) -> Comparison:
    """Return what is new, gone, changed, the same or not seen between two captures; linear in what they hold."""
    changes: list[Change] = [*node_changes(a, b)]
    gaps: list[CaptureGap] = []
    same_files = 0
    groups = pairs(a.relations, b.relations)
    for pair in groups:
        store = next(rel.stores[0].root or "." for rel in pair if rel is not None)
        reasons = Reasons(pair, a, b)
        for kind, things in THINGS.items():
            before, after = (keyed(things(rel)) if rel is not None else {} for rel in pair)
            gaps += reasons.gaps(kind)
            changes += match(kind, before, after, reasons.of(kind), store)
        first, second = pair
        if first is not None and second is not None:
            changes += store_changes(first, second)
            files = Files(a.snapshot, b.snapshot, first, second)
            changes += files.changes(reasons.of(FILE), store)
            same_files += files.same
            gaps += [
                CaptureGap(FILE, side, f"{why} (in {plural(count, 'layer')} of both)")
                for (side, why), count in files.left_out.items()
            ]
    alone = {side for pair in groups for side in Reasons(pair, a, b).alone}
    gaps += [CaptureGap(ANSWER, side, NOT_HELD) for side in sorted(alone)]
    changes += answer_changes(a, b) if not alone else ()
    findings = tuple(finding_changes(a, b, groups))
    changes += findings
    changes += cause_changes(a, b, findings)
    changes.sort(key=lambda change: change.order)
    told = tuple(accounts(a, b, changes))
    return Comparison(a, b, tuple(changes), tuple(dict.fromkeys(gaps)), told, same_store(a, b), same_files)


class Reasons:
    """Why the absence of things of a pair of groups proves nothing, for each capture."""

    def __init__(self, pair: Pair, a: JudgedCapture, b: JudgedCapture) -> None:
        self._pair = pair
        self._sides = a, b
        first, second = pair
        self._lacking = (
            _roots(lacking(second, first)) if second is not None else (),
            _roots(lacking(first, second)) if first is not None else (),
        )

    @property
    def alone(self) -> Iterator[str]:
        """Yield the captures that lack a store which the other one holds."""
        for side, rel, roots in zip((A, B), self._pair, self._lacking, strict=True):
            if rel is None or roots:
                yield side

    def _reason(self, kind: str, number: int) -> str:
        rel = self._pair[number]
        return NOT_HELD if rel is None else unseen(kind, self._sides[number].snapshot, rel)

    def gaps(self, kind: str) -> list[CaptureGap]:
        """Return the captures that show nothing of a kind."""
        found = [(side, self._reason(kind, number)) for number, side in enumerate((A, B))]
        return [CaptureGap(kind, side, why) for side, why in found if why]

    def of(self, kind: str) -> tuple[Reason, Reason]:
        """Return what tells of a thing of a kind why its absence from a capture proves nothing."""
        return self._of(kind, 0), self._of(kind, 1)

    def _of(self, kind: str, number: int) -> Reason:
        why, roots = self._reason(kind, number), self._lacking[number]

        def reason(item: ComparedItem) -> str:
            return why or (NOT_HELD if roots and item.path.startswith(roots) else "")

        return reason


def _roots(stores: list[Store]) -> tuple[str, ...]:
    return tuple(f"{store.root}/" for store in stores if store.root)


def same_store(a: JudgedCapture, b: JudgedCapture) -> bool | None:
    """Return whether both captures show one store, None where that cannot be told.

    An engine draws a layer's short link at random when it makes its directory, and a container's id likewise.
    """
    first, second = _link_ids(a), _link_ids(b)
    shared = first.keys() & second.keys()
    ours, theirs = ({container for rel in side.relations for container in rel.containers} for side in (a, b))
    if any(first[layer] == second[layer] for layer in shared) or ours & theirs:
        return True
    return False if shared else None


def _link_ids(side: JudgedCapture) -> dict[str, str]:
    return {
        layer: directory.link_id
        for store in side.snapshot.stores
        for layer, directory in store.home.layers.items()
        if directory.link_id
    }
