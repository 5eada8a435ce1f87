"""Image config is missing, does not hash to its name, or is not JSON.

What it finds
    An image whose undamaged manifest names a config that its record does not hold, that has another digest although
    size and record agree, or that is no image config as JSON goes. A config file that is missing, blank, cut or altered
    against its record is IMG-001, IMG-005, IMG-002 or IMG-003.

Why it matters
    CRI-O and Podman open every image to list images; the first that does not open fails the whole listing, with
    `locating item named "sha256:…"`, `Download config.json digest …` or a JSON error.

How sure
    High: manifest and config are in the bundle; that a config is absent is only said where the data directories are
    listed.

Remedy
    Remove the image by its id and pull it again.

Engine source
    containers/image internal/image/docker_schema2.go, oci.go (ConfigBlob, OCIConfig), storage/storage_src.go GetBlob.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.bigdata import file_name
from analyzer.verify.image_items import absent, listing, title


@rule(
    "IMG-011",
    severity=CRITICAL,
    needs=(Need.IMAGE_RECORDS,),
    says="image {name} ({image}) has no usable config {item}: {seen}{consequence}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Open the config that the manifest names."""
    for each in view.images_judged:
        opening, image = each.opening, each.image
        manifest = opening.manifest
        if opening.step != "config" or not opening.error or each.blamed or manifest is None:
            continue
        file = view.reader.file(image.id, opening.key)
        if file is None and (opening.key in image.big_data_names or not absent(view, image, opening.key)):
            continue
        place = file.where if file else Where(view.store.part_path("images", image.id, file_name(opening.key)))
        seen = opening.error if file else "the record does not hold it"
        yield this.found(
            view.image(image),
            [
                (place, f"the config {opening.key}", opening.error if file else "no such file"),
                (manifest.where, "a config that the image holds", opening.key),
            ],
            name=title(image),
            image=image.id,
            images=[image.id],
            item=opening.key,
            items=[opening.key],
            seen=seen,
            fails_listing=True,
            engine_message=opening.error,
            consequence=listing(opening.error),
            unsynced=False,
        )
