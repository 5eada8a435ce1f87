"""List in place of a manifest lacks the manifest for the node's platform.

What it finds
    An image record whose `manifest` is a list (IMG-008) with an entry for the node, while the manifest of that entry is
    not an item of the same record. Member images of a list made on the node are records of their own, so this is the
    rule for them.

Why it matters
    CRI-O's image listing fails as a whole with `fetching target platform image selected from …: reading manifest for
    image instance "sha256:…": locating item named "manifest-sha256:…" …: file does not exist`.

How sure
    High where the bundle lists the data directories and the platform is known; its source is named. The severity is
    that of IMG-008.

Remedy
    That of IMG-008: remove the record by id.

Engine source
    containers/image internal/image/docker_list.go, oci_index.go, storage/storage_src.go GetManifest.
"""

from __future__ import annotations

from analyzer.checks.images.lists import lists_of
from analyzer.checks.rule import CRITICAL, HIGH, MEDIUM, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.bigdata import file_name
from analyzer.snapshot.image_open import INSTANCE
from analyzer.verify.image_items import title


@rule(
    "IMG-010",
    severity=CRITICAL,
    needs=(Need.IMAGE_RECORDS, Need.IMAGE_DATA),
    says=(
        "the {kind} of image {name} ({image}) names {member} for this node ({platform}, from "
        "{platform_source}), but its record does not hold that manifest"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for the manifest of the entry that the node takes."""
    for each in lists_of(view):
        first = each.chosen[0]
        if first.entry is None or any(chosen.entry is None or chosen.held is not False for chosen in each.chosen):
            continue
        key = INSTANCE + first.entry.digest
        if key in each.image.big_data_names:
            continue
        platform = " or ".join(str(chosen.platform) for chosen in each.chosen)
        place = Where(view.store.part_path("images", each.image.id, file_name(key)))
        yield this.found(
            view.image(each.image),
            [
                (each.manifest.where, f"a member held by this record for {platform}", first.entry.digest),
                (place, "the manifest of that member", "no such file"),
            ],
            severity=CRITICAL if view.crio else WARNING,
            confidence=HIGH if view.platform.spec else MEDIUM,
            name=title(each.image),
            image=each.image.id,
            images=[each.image.id],
            item=key,
            kind=each.manifest.kind,
            member=first.entry.digest,
            platforms=each.offered,
            platform=platform,
            platform_source=view.platform.source or "no evidence: the platforms that come into question",
            fails_listing=True,
            engine_message=each.message,
        )
