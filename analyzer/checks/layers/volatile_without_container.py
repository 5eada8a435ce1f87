"""Volatile layer belongs to no container.

What it finds
    A layer in volatile-layers.json that is no container's read-write layer.

Why it matters
    Volatile layers are made for throw-away containers (all of CRI-O's are). Without one the layer is wasted space; or
    the container's record, which is written without fsync, was lost.

How sure
    High that no container record in the bundle names it. A layer made within a day before the newest write is only
    told: a container gets its layer before its record.

Remedy
    None for lost CRI-O containers, the kubelet makes new ones; `podman system check` removes the layer.

Engine source
    containers/storage layers.go: volatile layers; store.go: CreateContainer; check.go.
"""

from __future__ import annotations

from analyzer.checks.layers.age import is_recent, last_write_ns
from analyzer.checks.rule import INFO, WARNING, Findings, Need, Rule, StoreView, rule


@rule(
    "LAY-015",
    severity=WARNING,
    needs=(Need.WHOLE_ARCHIVE, Need.LAYER_RECORDS, Need.CONTAINER_RECORDS),
    says="volatile layer {layer} (made {created}) belongs to no container{doubt}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look up the container of every volatile layer of this store."""
    clock = last_write_ns(view)
    lost = view.store.document("containers", "volatile-containers.json")
    emptied = lost is not None and lost.empty
    for record in view.layer_records:
        if not record.volatile:
            continue
        if record.id in view.rel.owner_of or record.id in view.rel.images_on or record.incomplete:
            continue
        yield this.found(
            view.layer(record.id),
            [(record.where, "a container with this layer", "none in the bundle")],
            severity=INFO if is_recent(record, clock) and not emptied else WARNING,
            layer=record.id,
            layers=[record.id],
            created=record.created or "at an unknown time",
            doubt=f"; {lost.path} is empty" if lost is not None and emptied else "",
            containers_emptied=emptied,
            unsynced=emptied,
        )
