"""Owners of a layer's files lie outside the id map of its containers.

What it finds
    A container with an id map, and a layer below it that has files of owners outside that map.

Why it matters
    Inside the container such files belong to nobody. On a kernel without id-mapped mounts the container could not be
    made at all: `potentially insufficient UIDs or GIDs available in user namespace`.

How sure
    High for the numbers. It is legal: with id-mapped mounts many images have a few files like that.

Remedy
    Give the container a larger map (`--userns=auto:size=…`, subuid and subgid ranges) if it needs these files.

Engine source
    containers/storage layers.go: uidset and gidset; userns.go: getMaxSizeFromImage.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.layers import LayerRecord

IdMap = tuple[tuple[int, int, int], ...]


@rule(
    "LAY-012",
    severity=INFO,
    needs=(Need.ALL_LAYER_RECORDS, Need.CONTAINER_RECORDS),
    says="layer {layer} has files of {what} {number}, outside the id map of container {container}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare owners below every container that has an id map; each pair of map and layer is looked at once."""
    done: set[tuple[IdMap, IdMap, str]] = set()
    for container in view.store.containers:
        if not container.uidmap and not container.gidmap:
            continue
        for layer in view.rel.chain(container.layer):
            key = (container.uidmap, container.gidmap, layer)
            if key in done:
                break
            done.add(key)
            record = view.rel.layers.get(layer)
            if record is not None and not record.uidmap:
                yield from _outside(view, this, container, record)


def _outside(view: StoreView, this: Rule, container: ContainerRecord, record: LayerRecord) -> Findings:
    for what, owners, id_map in (
        ("uid", record.uidset, container.uidmap),
        ("gid", record.gidset, container.gidmap),
    ):
        odd = [owner for owner in owners if not any(first <= owner < first + size for first, _, size in id_map)]
        if odd and id_map:
            pointer = record.where.field(f"{what}set")
            yield this.found(
                view.layer(record.id),
                [(pointer, f"a {what} inside the map of container {container.id}", str(odd[0]))],
                variant=what,
                layer=record.id,
                layers=[record.id],
                container=container.id,
                containers=[container.id],
                what=what,
                number=odd[0],
            )
