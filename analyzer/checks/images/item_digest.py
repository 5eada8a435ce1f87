"""Config, signature or other item of an image does not have its recorded digest.

What it finds
    A file of the right size whose SHA-256 is not the recorded one, manifests apart (IMG-004). A config is named by its
    digest: there the name decides, and a record that states another digest beside it is a warning.

Why it matters
    Nothing in the engines compares these digests until the item is used. An altered config fails CRI-O's and Podman's
    whole image listing with `Download config.json digest … does not match expected …`. The engines' check does not look
    at digests, so neither it nor CRI-O's repair finds this, and the listing stays broken.

How sure
    High: the whole file was hashed.

Remedy
    `analyzer plan` restores the item from the copy filed under its digest, else from a new pull of the image; no
    container is removed. If no registry has the image, remove its record by id, not by name.

Engine source
    containers/image internal/image/docker_schema2.go and oci.go (ConfigBlob); containers/storage images.go.
"""

from __future__ import annotations

from analyzer.checks.images.altered import altered_items
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, rule


@rule(
    "IMG-003",
    severity=ERROR,
    needs=(Need.IMAGE_RECORDS,),
    says="{item} of image {name} ({image}) has the digest {seen}; expected {expected}{consequence}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Hash every item that is no manifest."""
    yield from altered_items(view, this, manifests=False)
