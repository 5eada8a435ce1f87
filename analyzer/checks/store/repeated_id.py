"""Id has several records.

What it finds
    Two or more records with one id in the index files of one store: in one file, over the stable and the volatile
    one, or over the graph root's and the split image store's layers. The same id in a graph root and in an
    additional store is legal: the graph root's record is used.

Why it matters
    The engine keeps the first record of an id, in the order stable file, image store, volatile file, and ignores the
    others without a word; of images both are listed. The ignored record's parent, names and flags don't count, and
    it comes into force when the first one is deleted.

How sure
    High: the records are in the bundle. Engines don't write this; files were merged by hand or restored over newer
    ones.

Remedy
    With the engines stopped, delete the copy that is not wanted from its file.

Engine source
    containers/storage layers.go, images.go, containers.go: load.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.checks.rule import WARNING, Finding, Findings, Need, Rule, StoreView, rule
from analyzer.checks.store.index_files import SHOWN, Record, listed, record_subject
from analyzer.snapshot.store import GRAPH_ROOT, IMAGE_STORE


@rule(
    "STO-013",
    severity=WARNING,
    needs=(Need.INDEX,),
    says="{kind} {id} has {count} records; the engine uses the one at {kept} and ignores the one at {ignored}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Count the records of every id, in load order."""
    kinds: tuple[tuple[str, Sequence[Record]], ...] = (
        ("layer", _layers(view)),
        ("image", view.store.images),
        ("container", view.store.containers),
    )
    for kind, records in kinds:
        first: dict[str, Record] = {}
        again: dict[str, list[Record]] = {}
        for record in records:
            if record.id and first.setdefault(record.id, record) is not record:
                again.setdefault(record.id, []).append(record)
        for record_id, copies in again.items():
            yield _finding(this, kind, first[record_id], copies)


def _finding(this: Rule, kind: str, first: Record, copies: list[Record]) -> Finding:
    kept, ignored = f"{first.where.path}#{first.where.pointer}", copies[0].where
    return this.found(
        record_subject(kind, copies[0]),
        [(copy.where, f"no second record beside {kept}", "a record with the same id") for copy in copies[:SHOWN]],
        variant=kind,
        kind=kind,
        id=first.id,
        count=len(copies) + 1,
        kept=kept,
        ignored=f"{ignored.path}#{ignored.pointer}",
        **listed(f"{kind}s", [first.id]),
    )


def _layers(view: StoreView) -> list[Record]:
    """Return the layer records one engine loads together: stable, image store, volatile."""
    if view.store.role == IMAGE_STORE:
        return []
    own = view.store.layers
    if view.store.role != GRAPH_ROOT:
        return list(own)
    shared = [layer for store in view.rel.stores if store.role == IMAGE_STORE for layer in store.layers]
    return [*(r for r in own if not r.volatile), *shared, *(r for r in own if r.volatile)]
