"""Image held by two stores differs between them.

What it finds
    An image id with records in the graph root and in an additional store whose layers have other contents, or whose
    items of one name have other digests. `manifest` may differ legally: it is the one that was written last.

Why it matters
    The engines take the first record and read items from whichever store has them, so what runs depends on the order
    of the stores.

How sure
    High: both records are in the bundle. Layers are compared by their digests, because layers made on the node have
    ids of their own.

Remedy
    Remove the image from the graph root by its id, so that the read-only store serves it.

Engine source
    containers/storage store.go Image, ImageBigData.
"""

from __future__ import annotations

from analyzer.checks.images.layer_chains import diff_id, whole_chain
from analyzer.checks.rule import WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.image_open import MANIFEST
from analyzer.snapshot.images import ImageRecord
from analyzer.verify.image_items import images_of, title


@rule(
    "IMG-025",
    severity=WARNING,
    needs=(Need.IMAGE_RECORDS,),
    says="image {name} ({image}) differs between {store} and {other}: {seen}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare every image of a further store with the record that comes first."""
    for image in images_of(view):
        first = view.rel.images[image.id]
        owner = view.rel.image_store[image.id]
        if first is image or owner is view.store:
            continue
        difference = _difference(view, first, image)
        if difference is None:
            continue
        pointer, expected, seen = difference
        yield this.found(
            view.image(first),
            [(image.where.field(pointer), expected, seen)],
            variant=view.store.role,
            name=title(first),
            image=image.id,
            images=[image.id],
            store=owner.root or ".",
            other=view.store.root or ".",
            seen=f"{expected} there, {seen} here",
            fails_listing=False,
        )


def _difference(view: StoreView, first: ImageRecord, other: ImageRecord) -> tuple[str, str, str] | None:
    """Return (field, first value, other value) of the first difference that matters."""
    if first.layer != other.layer and _contents(view, first.layer) != _contents(view, other.layer):
        return "layer", first.layer or "no layer", other.layer or "no layer"
    for key, digest in sorted(first.big_data_digests.items()):
        value = other.big_data_digests.get(key)
        if key.startswith((f"{MANIFEST}-", "sha256:")) and value not in (None, digest):
            return f"big-data-digests/{key}", str(digest), str(value)
    return None


def _contents(view: StoreView, top: str) -> tuple[str, ...] | None:
    layers = whole_chain(view, top)
    return None if layers is None else tuple(diff_id(layer) or layer.id for layer in layers)
