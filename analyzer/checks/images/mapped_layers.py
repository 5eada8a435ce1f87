"""Id-mapped copy of an image's top layer is missing or has another parent.

What it finds
    A layer under `mapped-layers` of an image that has no record, whose `parent` is not that of the image's top layer,
    or whose `lower` does not begin with the top layer's short link. Such copies exist on kernels without idmapped
    overlay mounts; their `lower` and `parent` disagree legally.

Why it matters
    Containers in a user namespace use the copy: they fail with `layer not known`, or run on other content.

How sure
    High for records; `lower` is only judged where both short links are readable.

Remedy
    Remove the image by its id and pull it again, or, with the engines stopped, drop the entry from `mapped-layers`.

Engine source
    containers/storage store.go imageTopLayerForMapping, layers.go create (template layers).
"""

from __future__ import annotations

from analyzer.checks.rule import WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.overlay import lower_ids, text_of
from analyzer.verify.image_items import images_of, title


@rule(
    "IMG-017",
    severity=WARNING,
    needs=(Need.IMAGE_RECORDS, Need.ALL_LAYER_RECORDS),
    says="mapped layer {layer} of image {name} ({image}): {seen}; expected {expected}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge every mapped layer of every image."""
    for image in images_of(view):
        for number, layer_id in enumerate(image.mapped_layers):
            judged = _judge(view, image, number, layer_id)
            if judged is None:
                continue
            place, expected, seen = judged
            yield this.found(
                view.image(image),
                [judged],
                variant=layer_id,
                name=title(image),
                image=image.id,
                images=[image.id],
                layer=layer_id,
                layers=[layer_id],
                seen=seen,
                expected=expected,
                missing=layer_id not in view.rel.layers,
                file=place.path,
                fails_listing=False,
            )


def _judge(view: StoreView, image: ImageRecord, number: int, layer_id: str) -> tuple[Where, str, str] | None:
    record, top = view.rel.layers.get(layer_id), view.rel.layers.get(image.layer)
    if record is None:
        place = image.where.field(f"mapped-layers/{number}")
        return place, "a layer with a record", "no layers.json has a record of it"
    if top is None:
        return None
    if record.parent != top.parent:
        place = record.where.field("parent")
        return place, f"the parent of the top layer, {top.parent or 'none'}", f"parent {record.parent or 'none'}"
    own, original = view.rel.directory(layer_id), view.rel.directory(image.layer)
    if own is None or original is None or not original.link_id or own.lower is None:
        return None
    lowers = lower_ids(text_of(own.lower) or "")
    if lowers is None or lowers[0] == original.link_id:
        return None
    return own.lower.where, f"lower beginning with l/{original.link_id}", f"l/{lowers[0]}"
