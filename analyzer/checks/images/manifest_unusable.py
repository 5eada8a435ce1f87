"""Image manifest is of no single type that the engines can use.

What it finds
    A `manifest`, or the instance an engine takes from a list, that is undamaged as far as size and digest can tell,
    and yet cannot be used: no JSON, an unknown schema version, a type that is not supported, or the fields of two types
    at once, which the engines refuse as ambiguous.

Why it matters
    CRI-O and Podman open every image to list images; the first that does not open fails the whole listing.

How sure
    High: the bytes are in the bundle, and the rules are those of containers/image. The type is told by content alone,
    as there; whatever is not recognised is tried as schema 1.

Remedy
    Remove the image by its id. Convert the image where it is built (`skopeo copy --format oci`), then pull it again.

Engine source
    containers/image internal/manifest/manifest.go (GuessMIMEType), internal/manifest/common.go, manifest/*.go.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, Findings, Need, Rule, StoreView, rule
from analyzer.verify.image_items import listing, title


@rule(
    "IMG-007",
    severity=CRITICAL,
    needs=(Need.IMAGE_RECORDS,),
    says="{item} of image {name} ({image}) cannot be used: {seen}{consequence}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Parse the manifest that an engine would use."""
    for each in view.images_judged:
        opening = each.opening
        manifest = opening.step == "manifest" and view.reader.manifest(each.image.id, opening.key)
        if not manifest or not manifest.error or each.blamed:
            continue
        yield this.found(
            view.image(each.image),
            [(manifest.where, "a schema 1, schema 2 or OCI manifest, and only one of them", manifest.error)],
            name=title(each.image),
            image=each.image.id,
            images=[each.image.id],
            item=opening.key,
            items=[opening.key],
            seen=manifest.error,
            fails_listing=True,
            engine_message=opening.error,
            consequence=listing(opening.error),
            unsynced=False,
        )
