"""Image's signature sizes do not add up to its signature data.

What it finds
    An image whose `metadata` gives signature sizes that do not add up to the length of `signatures`, or of the
    `signature-…` item of that manifest. Files that are blank or have another size than their record are left to IMG-005
    and IMG-002.

Why it matters
    Reading the signatures fails: `expected at least N bytes, only found M` (the engine swaps the two numbers) or
    `signatures data (…) contained N extra bytes`. With a signature policy the image cannot run; without one nobody
    reads them.

How sure
    High: all numbers are in the bundle.

Remedy
    Remove the image by its id and pull it again.

Engine source
    containers/image storage/storage_src.go GetSignaturesWithFormat.
"""

from __future__ import annotations

from typing import Any

from analyzer.checks.rule import WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.gojson import decode, members
from analyzer.snapshot.image_open import metadata_error
from analyzer.snapshot.images import ImageRecord
from analyzer.verify.image_items import title


@rule(
    "IMG-020",
    severity=WARNING,
    needs=(Need.IMAGE_RECORDS,),
    says="signature sizes of image {name} ({image}) add up to {expected} bytes; {item} has {seen}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Add up the signature sizes of every image."""
    for image, items, _ in view.images_judged:
        sizes = _sizes(image)
        for item in items:
            expected = sizes.get(item.key)
            if expected is None or item.fault or item.file is None or item.file.member.size == expected:
                continue
            seen = item.file.member.size
            place = image.where.field("metadata")
            yield this.found(
                view.image(image),
                [
                    (item.where, f"{expected} bytes", f"{seen} bytes"),
                    (place, f"{seen} bytes in all", f"{expected} bytes"),
                ],
                variant=item.key,
                name=title(image),
                image=image.id,
                images=[image.id],
                item=item.key,
                seen=seen,
                expected=expected,
                fails_listing=False,
            )


def _sizes(image: ImageRecord) -> dict[str, int]:
    """Return the sum of signature sizes by big-data key, for keys that have any signature."""
    if not image.metadata or metadata_error(image.metadata):
        return {}
    value, _ = decode(image.metadata.encode("utf-8", "surrogateescape"))
    top = dict(members(value))
    lists: dict[str, Any] = {"signatures": top.get("signature-sizes")}
    for digest, sizes in (top.get("signatures-sizes") or {}).items():
        lists[f"signature-{digest.partition(':')[2]}"] = sizes
    return {key: sum(size or 0 for size in sizes) for key, sizes in lists.items() if sizes}
