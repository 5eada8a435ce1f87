"""Layer is its own ancestor.

What it finds
    Layers whose parents lead round in a circle, a layer that is its own parent included. The subject is the first
    layer of the cycle by id.

Why it matters
    Engines walk parents without a limit: CRI-O's listing of images never returns (`DeadlineExceeded`), with
    internal_repair it does not come up at all, and `containers-storage check` hangs.

How sure
    High: the records name each other. Which of them was changed is told where a pulled layer's id, a hash over parent
    and content, or a `lower` file gives the true parent.

Remedy
    With the engines stopped, put the true parent back into layers.json, or restore the file from a copy. No engine
    makes such records: find out who edited it.

Engine source
    containers/storage layers.go: load; check.go; containers/image storage_image.go: getSize.
"""

from __future__ import annotations

from analyzer.checks.layers.identity import made_on
from analyzer.checks.overlay.lowers import Lowers, lowers_of
from analyzer.checks.rule import CRITICAL, Findings, Need, Rule, StoreView, rule
from analyzer.checks.users import users_of

SHOWN = 10


@rule(
    "LAY-002",
    severity=CRITICAL,
    needs=(Need.LAYER_RECORDS,),
    says="parents form a cycle: {circle}{hint}; needed by {needed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Report every cycle of parents whose first layer has its record in this store."""
    lowers: Lowers | None = None
    for cycle in view.rel.cycles:
        first = cycle[0]
        if view.rel.layer_store[first] is not view.store:
            continue
        lowers = lowers or lowers_of(view.rel)
        wrong, true_parent = _changed(view, lowers, cycle)
        places = []
        for layer in cycle[:SHOWN]:
            record = view.rel.layers[layer]
            pointer = record.where.field("parent")
            expected = true_parent if layer == wrong and true_parent else "a parent that is no descendant"
            places.append((pointer, expected, record.parent))
        hint = f"; by its id or its lower file the parent of {wrong} was {true_parent}" if wrong else ""
        yield this.found(
            view.layer(first),
            places,
            **users_of(view, cycle).facts,
            circle=" > ".join([*(layer[:12] for layer in cycle[:SHOWN]), first[:12]]),
            hint=hint,
            wrong=wrong,
            parent_should_be=true_parent,
        )


def _changed(view: StoreView, lowers: Lowers, cycle: list[str]) -> tuple[str, str]:
    """Return the layer of the cycle whose parent was changed and its true parent, empty where nothing tells."""
    for layer in cycle:
        record = view.rel.layers[layer]
        named = lowers.layer_of(lowers.first_link(layer))
        if named and named != record.parent and (made_on(record, named) or named not in cycle):
            return layer, named
    return "", ""
