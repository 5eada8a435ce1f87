"""Layers of an image are not those that its config names.

What it finds
    An image whose layers' `diff-digest`, base layer first, are not the `rootfs.diff_ids` of its config. When the id of
    the layer is the one that the config's digests give, the layer's own record is wrong: the layer is then the
    subject, once for all its images. Otherwise the image names another layer than its own. A layer whose parent was
    changed is LAY-008.

Why it matters
    Nobody compares the two when the image is used: containers run with content that is not the image's, silently.

How sure
    High for layers with a `diff-digest` of the tar. Layers that were fetched in parts may have the digest of the
    compressed blob there (storage 1.43) or only a promised one; the first are not judged, the second by the promise.

Remedy
    Find out which of the two is right before anything is changed: containers may depend on the content they have.
    `analyzer plan` writes the field again where the config proves the layers.

Engine source
    containers/image storage/storage_dest.go (layer ids, computeID), storage/storage_src.go LayerInfosForCopy.
"""

from __future__ import annotations

from analyzer.checks.images.layer_chains import Chained, chained, diff_id
from analyzer.checks.rule import ERROR, Finding, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.layers import LayerRecord
from analyzer.verify.image_items import title


@rule(
    "IMG-014",
    severity=ERROR,
    needs=(Need.IMAGE_RECORDS, Need.ALL_LAYER_RECORDS),
    says="layer {layer} of image {name} ({image}) has diff-digest {seen}; the image's config names {expected}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare the layers of every image with its config."""
    wrong_layers: dict[str, tuple[LayerRecord, str, list[Chained]]] = {}
    for each in chained(view):
        wrong = _mismatches(each)
        ids = each.expected_ids if wrong else []
        own = [position for position in wrong if each.layers[position].id == ids[position]]
        for position in own:
            layer = each.layers[position]
            wrong_layers.setdefault(layer.id, (layer, each.diff_ids[position], []))[2].append(each)
        other = [position for position in wrong if position not in own]
        if other and each.image.layer != ids[-1]:
            yield _of_image(view, this, each, other)
    for layer, expected, users in wrong_layers.values():
        yield _of_layer(view, this, layer, expected, users)


def _mismatches(each: Chained) -> list[int]:
    expected = each.diff_ids
    if len(expected) != len(each.layers) or len(each.manifest.real_layers) != len(each.layers):
        return []
    return [position for position, layer in enumerate(each.layers) if diff_id(layer) not in ("", expected[position])]


def _of_image(view: StoreView, this: Rule, each: Chained, wrong: list[int]) -> Finding:
    image, first = each.image, each.layers[wrong[0]]
    expected = each.diff_ids
    config = each.config.where if each.config else each.manifest.where
    evidence = [
        (_place(each.layers[position]), expected[position], diff_id(each.layers[position])) for position in wrong
    ]
    evidence.append(
        (config, "the digests of the image's layers", f"{expected[wrong[0]]} at /rootfs/diff_ids/{wrong[0]}")
    )
    return this.found(
        view.image(image),
        evidence,
        name=title(image),
        image=image.id,
        images=[image.id],
        layer=first.id,
        layers=[each.layers[position].id for position in wrong],
        seen=diff_id(first),
        expected=expected[wrong[0]],
        fails_listing=False,
    )


def _of_layer(view: StoreView, this: Rule, layer: LayerRecord, expected: str, users: list[Chained]) -> Finding:
    image = users[0].image
    return this.found(
        view.layer(layer.id),
        [(_place(layer), expected, diff_id(layer))],
        variant="layer",
        name=title(image),
        image=image.id,
        images=[user.image.id for user in users],
        layer=layer.id,
        layers=[layer.id],
        seen=diff_id(layer),
        expected=expected,
        fails_listing=False,
    )


def _place(layer: LayerRecord) -> Where:
    return layer.where.field("diff-digest")
