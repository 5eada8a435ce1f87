"""Layer is needed by no image and no container.

What it finds
    Layers that no image's and no container's chain goes through; one finding for each topmost one, with the chain of
    unneeded layers below it.

Why it matters
    Wasted space, left by a pull or a removal that was cut short. `containers-storage check` calls it `layer not
    referenced by any images or containers`, once the layer is older than a day. If images.json was damaged and made
    anew, these layers are what is left of the lost images.

How sure
    High that nothing in the bundle names it. A layer made within a day before the newest write to the store, one with
    a name of its own, and any layer while a pull seems to be running, is only told.

Remedy
    `podman image prune`, or `podman system check` (look, then `--repair`).

Engine source
    containers/storage check.go; store.go: layersToRemove.
"""

from __future__ import annotations

from analyzer.checks.layers.age import is_recent, last_write_ns, pulling
from analyzer.checks.rule import INFO, WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.layers import LayerRecord
from analyzer.words import human, plural


@rule(
    "LAY-013",
    severity=WARNING,
    needs=(Need.WHOLE_ARCHIVE, Need.ALL_LAYER_RECORDS, Need.ALL_IMAGE_RECORDS, Need.CONTAINER_RECORDS),
    says=(
        "layer {layer} (made {created}) is needed by no image and no container; with the layers that only it "
        "needs it holds {words}, {held}"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Find topmost layers that nothing goes through, over all stores that are used together."""
    if view.store is not view.rel.stores[0]:
        return
    rel = view.rel
    used = rel.images_on.keys() | rel.containers_on.keys()
    clock = last_write_ns(view)
    busy = pulling(view)
    seen: set[str] = set()
    for record in rel.layers.values():
        if not record.id or record.id in used or rel.children.get(record.id) or record.volatile or record.incomplete:
            continue
        chain = []
        for layer in rel.chain(record.id):
            if layer in used or layer in seen or layer not in rel.layers:
                break
            seen.add(layer)
            chain.append(layer)
        young = busy or bool(record.names) or is_recent(record, clock)
        if not (record.diff_digest or record.toc_digest or record.names):
            young = _as_young_as_its_container(view, record)
        size = sum(_size(view, rel.layers[layer]) for layer in chain)
        yield this.found(
            view.layer(record.id),
            [(record.where, "an image or a container whose chain goes through it", "none in the bundle")],
            severity=INFO if young else WARNING,
            layer=record.id,
            layers=chain,
            created=record.created or "at an unknown time",
            words=plural(len(chain), "layer"),
            size=size,
            held=human(size),
        )


def _size(view: StoreView, record: LayerRecord) -> int:
    """Return how many bytes a layer holds: as recorded, and as captured where no record tells, as of a container's."""
    if record.diff_size is not None:
        return max(record.diff_size, 0)
    directory = view.rel.directory(record.id)
    return directory.bytes if directory else 0


def _as_young_as_its_container(view: StoreView, record: LayerRecord) -> bool:
    """Tell whether a layer that no pull makes came after the containers were read: its container is then to come."""
    index = view.store.document("containers", "containers.json")
    return index is None or record.created_ns is None or record.created_ns >= index.file.member.mtime_ns
