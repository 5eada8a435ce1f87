"""Image record's `metadata` is not the JSON that engines write.

What it finds
    An image record whose `metadata` text is no JSON object, or whose signature sizes are no lists of numbers.

Why it matters
    The image cannot be opened: `decoding metadata for source image: …`. CRI-O fails its whole image listing with it.

How sure
    High: the text is in the record. Without a trace of CRI-O on the node an error: this one image is unusable.

Remedy
    `analyzer plan` writes the field again; nothing is removed.

Engine source
    containers/image storage/storage_src.go newImageSource.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, ERROR, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.image_open import metadata_error
from analyzer.verify.image_items import images_of, title

SHOWN = 60


@rule(
    "IMG-019",
    severity=CRITICAL,
    needs=(Need.IMAGE_RECORDS,),
    says="metadata of image {name} ({image}) does not parse: {error}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Parse the metadata of every image."""
    for image in images_of(view):
        error = metadata_error(image.metadata)
        if not error:
            continue
        place = image.where.field("metadata")
        yield this.found(
            view.image(image),
            [(place, '{"signature-sizes": [...], "signatures-sizes": {...}}', f"{image.metadata[:SHOWN]!r}: {error}")],
            severity=CRITICAL if view.crio else ERROR,
            name=title(image),
            image=image.id,
            images=[image.id],
            error=error,
            fails_listing=True,
            engine_message=f"decoding metadata for source image: {error}",
        )
