"""Layer of an image has no digest, or a size that cannot be summed.

What it finds
    A layer below an image with neither `diff-digest` nor `toc-digest`, or, without a `toc-digest`, with a negative
    `diff-size`.

Why it matters
    Opening an image sums the sizes of its layers and ends at such a one with `size for layer "…" is unknown, failing
    getSize()`. For CRI-O that fails the listing of *all* images.

How sure
    High: the record says so. Layers of containers have no digest by right, and a zstd:chunked layer may have a digest
    without a size; neither is reported.

Remedy
    `analyzer plan` writes the field again, from the image's config, the manifest and the tar-split; nothing is
    removed.

Engine source
    containers/image storage/storage_image.go: getSize.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, ERROR, Findings, Need, Rule, StoreView, rule
from analyzer.checks.users import users_of


@rule(
    "LAY-006",
    severity=CRITICAL,
    needs=(Need.LAYER_RECORDS, Need.ALL_IMAGE_RECORDS),
    says="layer {layer} has {seen}, so the size of what goes through it is unknown: {needed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge digest and size of every layer that an image's top layer stands on."""
    in_images = _in_images(view)
    for record in view.layer_records:
        if record.id not in in_images or record.incomplete:
            continue
        if record.toc_digest:
            continue
        if not record.diff_digest:
            seen, expected = "neither diff-digest nor toc-digest", "a diff-digest or a toc-digest"
        elif record.diff_size is not None and record.diff_size < 0:
            seen, expected = f"diff-size {record.diff_size}", "a diff-size of 0 or more"
        else:
            continue
        yield this.found(
            view.layer(record.id),
            [(record.where, expected, seen)],
            severity=CRITICAL if view.crio else ERROR,
            **users_of(view, [record.id]).facts,
            seen=seen,
        )


def _in_images(view: StoreView) -> set[str]:
    """Return the layers in the chains of the images' own top layers; each layer is walked once."""
    found: set[str] = set()
    for image in view.rel.images.values():
        for layer in view.rel.chain(image.layer):
            if layer in found:
                break
            found.add(layer)
    return found
