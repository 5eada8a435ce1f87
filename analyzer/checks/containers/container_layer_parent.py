"""Container's layer does not stand on its image's top layer.

What it finds
    A container layer whose parent is neither its image's top layer, nor one of the image's id-mapped copies
    (`mapped-layers`), nor a layer with the same chain of digests below it.

Why it matters
    The container runs on other files than its image has. `commit` and `diff` give wrong results, and a container
    recreated from the image behaves differently.

How sure
    Medium: engines only make containers on a layer of their image, so record or image was changed; which of the two
    is wrong is not told by this alone. Where the layer, its parent or the image has no record, other rules speak.

Remedy
    Compare with the image's configuration (diff ids). `analyzer plan` gives the record the image or the layer that
    fits; save what the container wrote before anything else is tried.

Engine source
    containers/storage store.go: CreateContainer, imageTopLayerForMapping.
"""

from __future__ import annotations

import hashlib

from analyzer.checks.rule import MEDIUM, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.store.index_files import record_subject
from analyzer.graph.relations import Relations
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.layers import LayerRecord


@rule(
    "CTR-003",
    severity=WARNING,
    needs=(Need.CONTAINER_RECORDS, Need.ALL_LAYER_RECORDS, Need.ALL_IMAGE_RECORDS),
    says="container {name} stands on layer {parent}, but the top layer of its image {image} is {top}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare the parent of every container layer with the tops of its image."""
    digests: dict[str, str] = {}
    for container in view.store.containers:
        layer, image = view.rel.layers.get(container.layer), view.rel.images.get(container.image)
        if layer is None or image is None or layer.incomplete or _fits(view.rel, layer, image, digests):
            continue
        yield this.found(
            record_subject("container", container),
            _places(container, layer, image),
            confidence=MEDIUM,
            name=container.name or container.id,
            parent=layer.parent or "(none)",
            image=image.id,
            top=image.layer,
            containers=[container.id],
            images=[image.id],
            layers=[layer.id],
        )


def _places(container: ContainerRecord, layer: LayerRecord, image: ImageRecord) -> list[tuple[Where, str, str]]:
    parent = layer.where.field("parent")
    return [
        (parent, f"{image.layer} or a copy of it", layer.parent or "no parent"),
        (container.where, f"a container of image {image.id}", f"layer {layer.id}"),
    ]


def _fits(rel: Relations, layer: LayerRecord, image: ImageRecord, digests: dict[str, str]) -> bool:
    """Tell whether the parent is a top of the image, is like one, or can't be compared."""
    tops = (image.layer, *image.mapped_layers)
    if not image.layer or layer.parent in tops:
        return True
    if (layer.parent and layer.parent not in rel.layers) or image.layer not in rel.layers:
        return True
    below = _chain_digest(rel, layer.parent, digests)
    return bool(below) and any(below == _chain_digest(rel, top, digests) for top in tops)


def _chain_digest(rel: Relations, layer_id: str, known: dict[str, str]) -> str:
    """Return one digest over those of a layer and its ancestors; `""` with a gap, a cycle or a layer without one."""
    walk: list[LayerRecord] = []
    node = layer_id
    while node and node not in known:
        known[node] = ""
        record = rel.layers.get(node)
        if record is None:
            break
        walk.append(record)
        node = record.parent
    below = known.get(node, "") if node else "base"
    for record in reversed(walk):
        own = record.diff_digest or record.toc_digest
        text = f"{own}\n{below}".encode("utf-8", "surrogateescape")
        below = known[record.id] = hashlib.sha256(text).hexdigest() if own and below else ""
    return known.get(layer_id, "")
