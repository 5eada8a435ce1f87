"""Top layer of an image has no record.

What it finds
    A layer that images name as their `layer` and that no store the engine uses has a record of. The missing layer is
    the subject, once, with all images that name it; parents that are missing further down are LAY-001.

Why it matters
    CRI-O computes the size of every image when it lists images and stops at the first missing layer: the whole listing
    fails with `layer not known`, which names nothing. Podman leaves the image out or fails likewise. Containers of the
    image cannot be made, and those that exist have lost their lower layers.

How sure
    High where all layer records are in the bundle: the finding is not made while a layers.json is damaged, or a store
    that the configuration names was not captured. A layer directory without its record is told; the record can be
    written again from it.

Remedy
    `analyzer plan` writes the field again where the config proves the layers, and layers.json where that lost the
    record; do not start CRI-O before, it deletes directories without a record.

Engine source
    containers/image storage/storage_src.go getSize; containers/storage store.go Layer (ErrLayerUnknown).
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.images import ImageRecord
from analyzer.verify.image_items import images_of

MESSAGE = "layer not known"


@rule(
    "IMG-016",
    severity=CRITICAL,
    needs=(Need.IMAGE_RECORDS, Need.ALL_LAYER_RECORDS, Need.WHOLE_ARCHIVE),
    says="layer {layer} has no record{directory_words}; it is the top layer of {names}"
    "; listing images in CRI-O fails with `layer not known`",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for the record of every image's top layer."""
    lost: dict[str, list[ImageRecord]] = {}
    for image in images_of(view):
        if image.layer and image.layer not in view.rel.layers:
            lost.setdefault(image.layer, []).append(image)
    for layer_id, users in lost.items():
        directory = view.rel.directory(layer_id)
        evidence = [
            (
                image.where.field("layer"),
                "a layer with a record",
                f"{layer_id}, of which no layers.json has a record",
            )
            for image in users
        ]
        if directory is not None:
            evidence.append((Where(directory.path), "a record beside the directory", "a directory without a record"))
        yield this.found(
            view.layer(layer_id),
            evidence,
            severity=CRITICAL if view.crio else ERROR,
            layer=layer_id,
            layers=[layer_id],
            images=[image.id for image in users],
            containers=sorted({c for image in users for c in view.rel.users_of_image.get(image.id, ())}),
            names=", ".join(name for image in users for name in (image.names or (image.id,))),
            directory=directory.path if directory else "",
            directory_words=", though its directory is there" if directory else "",
            tar_split=any(layer_id in store.tar_splits for store in view.rel.stores),
            fails_listing=True,
            engine_message=MESSAGE,
        )
