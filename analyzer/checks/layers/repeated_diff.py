"""Two layers hold the same content on the same parent.

What it finds
    Layers with equal `diff-digest`, equal parent and equal id maps.

Why it matters
    Wasted space only: two pulls at the same time, or two engines, each made the layer.

How sure
    High: the records say so. Id-mapped copies are meant to repeat their original and are not reported.

Remedy
    None needed.

Engine source
    containers/storage store.go: putLayer; containers/image storage_dest.go: layer reuse.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.layers import LayerRecord

SHOWN = 10


@rule(
    "LAY-014",
    severity=INFO,
    needs=(Need.LAYER_RECORDS,),
    says="layer {layer} exists {number} times: same content, same parent ({others})",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Group the records of this store by parent, content and id maps."""
    groups: dict[tuple[object, ...], list[LayerRecord]] = {}
    for record in view.store.layers:
        if record.id and record.diff_digest and view.rel.layers[record.id] is record:
            key = (record.parent, record.diff_digest, record.uidmap, record.gidmap)
            groups.setdefault(key, []).append(record)
    for records in groups.values():
        if len(records) > 1:
            first = min(records, key=lambda record: record.id)
            yield this.found(
                view.layer(first.id),
                [(each.where, f"one layer with {first.diff_digest}", each.id) for each in records[:SHOWN]],
                layer=first.id,
                layers=sorted(record.id for record in records),
                number=len(records),
                others=", ".join(each.id[:12] for each in records[:SHOWN] if each is not first),
            )
