"""Image record has no `manifest`.

What it finds
    An image record whose `big-data-names` lacks `manifest` and whose data directory has no such file either.

Why it matters
    The image cannot be opened by id, so CRI-O and Podman fail to list any image: `locating item named "manifest" for
    image with ID "…"`. The engines' check looks only at the names that are listed: an image without any item passes.

How sure
    High where the bundle lists the data directories. A pull, import or commit makes the record first, then writes its
    items, and names it last: an image without a name, in an index that is the youngest thing in the bundle, may be
    just that; it is left open.

Remedy
    `analyzer plan` restores the item from the copy filed under its digest, else from a new pull of the image; no
    container is removed. If no registry has the image, remove its record by id, not by name.

Engine source
    containers/image storage/storage_src.go GetManifest; containers/storage images.go create.
"""

from __future__ import annotations

from analyzer.capture.answer import Unknown
from analyzer.checks.absence import weigh
from analyzer.checks.host.saved import saved_ns
from analyzer.checks.rule import CRITICAL, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.image_open import MANIFEST
from analyzer.snapshot.times import SECOND
from analyzer.verify.image_items import data_listed, images_of, listing, title

JUST_NS = SECOND
"""Between two changes of the index while an engine makes one image."""
IN_THE_MAKING = "an engine may have been making it while the bundle was made: it has no name yet"
NOT_LISTED = "the bundle has no data of any image"


@rule(
    "IMG-006",
    severity=CRITICAL,
    needs=(Need.IMAGE_RECORDS, Need.IMAGE_DATA),
    says="image {name} ({image}) has no manifest: its record names {listed}{consequence}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for records without a manifest."""
    listed_data = data_listed(view)
    for image in images_of(view):
        if MANIFEST in image.big_data_names or view.reader.file(image.id, MANIFEST) is not None:
            continue
        reason = "" if listed_data else NOT_LISTED
        if not image.names and _just_saved(view):
            reason = IN_THE_MAKING
        weight = weigh(Unknown(reason), CRITICAL, f"image {title(image)} has no manifest") if reason else {}
        if weight is None or not (listed_data or view.store.part_listed("images")):
            continue
        listed = ", ".join(image.big_data_names) or "no item at all"
        error = view.reader.missing(image.id, MANIFEST)
        place = image.where.field("big-data-names")
        yield this.found(
            view.image(image),
            [(place, "an item named manifest", listed)],
            name=title(image),
            image=image.id,
            images=[image.id],
            layers=[image.layer] if image.layer else [],
            items=[MANIFEST],
            listed=listed,
            fails_listing=True,
            engine_message=error,
            consequence=listing(error),
            **weight,
        )


def _just_saved(view: StoreView) -> bool:
    """Tell whether the index of images was saved when the youngest thing in the bundle was made."""
    return 0 < view.snapshot.newest_ns - JUST_NS <= saved_ns(view, "images")
