"""Manifest kept for an image does not have the digest of its name or record.

What it finds
    A manifest file of the right size whose digest is not that of its key (`manifest-sha256:…`) or record (`manifest`).
    The digest of a signed schema 1 manifest is taken without its signatures, as the engines do. The record's own
    `digest` field is not compared: it is legally stale for a list made on the node.

Why it matters
    The image no longer is what was pulled. Where the change breaks the JSON or the config's digest in it, CRI-O and
    Podman cannot list any image. An altered instance of a list is refused with `Image manifest does not match selected
    manifest digest …`. The engines' check does not look at digests, so nothing repairs this by itself.

How sure
    High: the whole file was hashed.

Remedy
    `analyzer plan` restores the item from the copy filed under its digest, else from a new pull of the image; no
    container is removed. If no registry has the image, remove its record by id, not by name.

Engine source
    containers/image internal/manifest/manifest.go (Digest, MatchesDigest), internal/image/unparsed.go;
    containers/storage images.go setBigData.
"""

from __future__ import annotations

from analyzer.checks.images.altered import altered_items
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, rule


@rule(
    "IMG-004",
    severity=ERROR,
    needs=(Need.IMAGE_RECORDS,),
    says="{item} of image {name} ({image}) has the digest {seen}; expected {expected}{consequence}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Hash every manifest item."""
    yield from altered_items(view, this, manifests=True)
