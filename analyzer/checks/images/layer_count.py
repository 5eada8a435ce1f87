"""Image has another number of layers in the store than its manifest names.

What it finds
    An image whose chain of layer records, from `layer` down, is longer or shorter than the layers of its manifest.
    Empty layers of schema 1 manifests do not count: no layer is stored for them. An image that names the layer its
    config asks for is right itself: then a layer below has another parent (LAY-008).

Why it matters
    Containers of the image run on other content than was pulled. Listing works; push, save and copy fail with
    `expected more than N physical layers to exist` or `used only N out of M physical layers`.

How sure
    High where manifest and all layer records are in the bundle.

Remedy
    Remove the image by its id and pull it again. If several images share the chain, look at the layer record that broke
    it first.

Engine source
    containers/image storage/storage_src.go buildLayerInfosForCopy.
"""

from __future__ import annotations

from analyzer.checks.images.layer_chains import chained
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, rule
from analyzer.verify.image_items import title


@rule(
    "IMG-013",
    severity=ERROR,
    needs=(Need.IMAGE_RECORDS, Need.ALL_LAYER_RECORDS),
    says="image {name} ({image}) has {seen:layer} from {layer} down; its manifest names {expected}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Count the layers of every image."""
    for each in chained(view):
        image, seen, expected = each.image, len(each.layers), len(each.manifest.real_layers)
        if seen == expected or image.layer in each.expected_ids[-1:]:
            continue
        place = image.where.field("layer")
        yield this.found(
            view.image(image),
            [
                (place, f"the top of {expected} layers", f"{image.layer or 'no layer'}, the top of {seen}"),
                (each.manifest.where, f"{seen} layers", f"{expected} layers"),
            ],
            name=title(image),
            image=image.id,
            images=[image.id],
            layer=image.layer or "no layer",
            layers=[layer.id for layer in each.layers],
            seen=seen,
            expected=expected,
            engine_message=f"expected more than {seen} physical layers to exist"
            if seen < expected
            else f"used only {expected} out of {seen} physical layers",
            fails_listing=False,
        )
