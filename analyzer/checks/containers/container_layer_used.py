"""Container uses a layer that belongs to an image.

What it finds
    A container's layer that other layers have as parent, that carries a digest, or that is part of an image.

Why it matters
    Where an image uses the layer, `podman rm` of the container deletes it under the image, and every later listing of
    images fails (run on podman 4.3.1). Where only layers stand on it, removing the container fails with `layer has
    children`.

How sure
    High for the records; what made them so is not told. Engines don't do this, tools that work on the store directly
    do.

Remedy
    `analyzer plan` gives the container the layer that fits and belongs to nobody. Never remove a container whose
    layer is an image's: the image's layer goes with it.

Engine source
    containers/storage store.go: DeleteContainer, DeleteLayer; layers.go: Delete.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, INFO, Findings, Need, Rule, StoreView, rule
from analyzer.checks.store.index_files import SHOWN, record_subject


@rule(
    "CTR-004",
    severity=INFO,
    needs=(Need.CONTAINER_RECORDS, Need.LAYER_RECORDS),
    says="layer {layer} of container {name} is more than its writable layer: {seen}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge the layer of every container that has a record."""
    for container in view.store.containers:
        layer = view.rel.layers.get(container.layer)
        if layer is None:
            continue
        children = view.rel.children.get(layer.id, [])
        seen = [
            *([f"{len(children)} layers have it as parent"] if children else []),
            *([f"it has the digest {layer.diff_digest:.80}"] if layer.diff_digest else []),
            *(["an image uses it"] if layer.id in view.rel.images_on else []),
        ]
        if not seen:
            continue
        image = any(each.layer == layer.id for each in view.rel.images.values())
        yield this.found(
            record_subject("container", container),
            [(layer.where, "no child, no digest, in no image", "; ".join(seen))],
            severity=ERROR if image else INFO,
            layer=layer.id,
            name=container.name or container.id,
            seen="; ".join(seen),
            containers=[container.id],
            layers=[layer.id, *children[:SHOWN]],
        )
