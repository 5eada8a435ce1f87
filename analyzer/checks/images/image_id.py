"""Image id is not the one that its content gives.

What it finds
    An image, no list, whose id is neither the digest of its config nor, with layers that were identified by their table
    of contents, the hash of those.

Why it matters
    The id does not identify the content, and a pull of the same image may say `image with ID "…" already exists, but
    uses a different top layer`. Listing and running work.

How sure
    Low as a sign of damage: a tool may choose an id freely. Only told as information.

Remedy
    None is needed; to be rid of it, remove the image by its id and pull it again.

Engine source
    containers/image storage/storage_dest.go computeID, manifest/*.go ImageID.
"""

from __future__ import annotations

from analyzer.checks.images.layer_chains import Chained, chained
from analyzer.checks.rule import INFO, LOW, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.digests import hex_sha256
from analyzer.verify.image_items import title


@rule(
    "IMG-015",
    severity=INFO,
    needs=(Need.IMAGE_RECORDS, Need.ALL_LAYER_RECORDS),
    says="image {name} has the id {image}; its content gives {expected}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compute the id of every image whose manifest and config are whole."""
    for each in chained(view):
        config = each.manifest.config
        if config is None or each.config is None:
            continue
        ids = (config.digest.partition(":")[2], _by_contents(each))
        if each.image.id in ids:
            continue
        image = each.image
        place = image.where.field("id")
        yield this.found(
            view.image(image),
            [(place, ids[0], image.id), (each.manifest.where, f"the config {image.id}", config.digest)],
            confidence=LOW,
            name=title(image),
            image=image.id,
            images=[image.id],
            expected=ids[0],
            fails_listing=False,
        )


def _by_contents(each: Chained) -> str:
    """Return the id of an image with layers that were identified by their table of contents."""
    text = "@With TOC:" + "".join(f"{layer.toc_digest}|" for layer in each.layers)
    return hex_sha256(text)
