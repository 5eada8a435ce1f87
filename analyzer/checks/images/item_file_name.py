"""File name in an image's data directory stands for no key.

What it finds
    A file whose name no big-data key encodes to: a name with `=` that is no base64, or a plain name with characters
    that would have been encoded.

Why it matters
    The engines can never read the file. It was put there by hand or by another tool, or its name was damaged; the item
    that is missing instead is IMG-001.

How sure
    High: the encoding is fixed.

Remedy
    None is needed; removing the image removes it.

Engine source
    containers/storage images.go makeBigDataBaseName.
"""

from __future__ import annotations

from analyzer.checks.images.strays import files_beside
from analyzer.checks.rule import INFO, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.bigdata import key_of
from analyzer.verify.image_items import images_of, title


@rule(
    "IMG-023",
    severity=INFO,
    needs=(Need.IMAGE_RECORDS,),
    says="image {name} ({image}) has files whose names decode to no big-data key: {listed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Decode the name of every file of every image."""
    for image in images_of(view):
        found = [(name, file) for name, file in files_beside(view, image) if key_of(name) is None]
        if found:
            yield this.found(
                view.image(image),
                [(file.where, "a name that a key encodes to", name) for name, file in found],
                name=title(image),
                image=image.id,
                images=[image.id],
                listed=", ".join(name for name, _ in found),
                fails_listing=False,
            )
