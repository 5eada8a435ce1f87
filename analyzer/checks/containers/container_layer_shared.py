"""Writable layer is used by several containers.

What it finds
    A layer that two or more container records name as theirs.

Why it matters
    Two containers would mount one upper directory and write over each other (the kernel refuses or warns:
    `upperdir is in-use`). Looking a container up by its layer finds the later record only, and removing one container
    deletes the layer under the other.

How sure
    High: the records are in the bundle. It comes from edited or merged container files.

Remedy
    Save the layer's `diff`, then remove all the containers but the one that is wanted, or all of them.

Engine source
    containers/storage containers.go: load (bylayer); store.go: DeleteContainer.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Subject, rule
from analyzer.checks.store.index_files import SHOWN
from analyzer.snapshot.digests import HEX_ID


@rule(
    "CTR-005",
    severity=ERROR,
    needs=(Need.CONTAINER_RECORDS,),
    says="layer {layer} is the writable layer of {count} containers: {names}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Count the owners of every container layer of this store."""
    here = {container.layer for container in view.store.containers if container.layer}
    for layer_id in sorted(here):
        owners = [view.rel.containers[each] for each in view.rel.owner_of.get(layer_id, ())]
        if len(owners) < 2:
            continue
        names = tuple(owner.name or owner.id for owner in owners)
        path = view.layer(layer_id).path if HEX_ID.fullmatch(layer_id) else owners[0].where.path
        yield this.found(
            Subject("layer", layer_id, path, names[:SHOWN]),
            [(owner.where.field("layer"), "a layer of its own", layer_id) for owner in owners[:SHOWN]],
            layer=layer_id,
            count=len(owners),
            names=", ".join(names[:SHOWN]),
            layers=[layer_id],
            containers=[owner.id for owner in owners],
        )
