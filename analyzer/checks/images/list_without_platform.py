"""List in place of a manifest has no entry for the node's platform.

What it finds
    An image record whose `manifest` is a list (IMG-008) that has no entry for the node: architecture, OS and variant
    must all be equal to one of the platforms the node accepts. `linux/amd64/v2` does not match an amd64 node, entries
    without a platform match in an image index only, and attestation entries never match.

Why it matters
    CRI-O's image listing fails as a whole with `choosing image instance: no image found in manifest list for
    architecture …` (`… in image index …` for an OCI index). This is the message of cri-o#8283.

How sure
    High where the platform is known, and its source is named; where it is not, the finding is made only when no
    platform that comes into question has an entry. The severity is that of IMG-008.

Remedy
    That of IMG-008: remove the record by id. Pulling an image for the node's platform does not help.

Engine source
    containers/image internal/pkg/platform/platform_matcher.go, internal/manifest/docker_schema2_list.go, oci_index.go.
"""

from __future__ import annotations

from analyzer.checks.images.lists import lists_of
from analyzer.checks.rule import CRITICAL, HIGH, MEDIUM, WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.verify.image_items import title


@rule(
    "IMG-009",
    severity=CRITICAL,
    needs=(Need.IMAGE_RECORDS,),
    says=(
        "the {kind} of image {name} ({image}) has no entry for this node ({platform}, from {platform_source}); "
        "it offers {platforms}"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Match the entries of lists with the node's platform."""
    for each in lists_of(view):
        if any(chosen.entry is not None for chosen in each.chosen):
            continue
        known = view.platform.spec is not None
        platform = " or ".join(str(chosen.platform) for chosen in each.chosen)
        yield this.found(
            view.image(each.image),
            [(each.manifest.where, f"an entry for {platform}", each.offered)],
            severity=CRITICAL if view.crio else WARNING,
            confidence=HIGH if known else MEDIUM,
            name=title(each.image),
            image=each.image.id,
            images=[each.image.id],
            item="manifest",
            kind=each.manifest.kind,
            platforms=each.offered,
            platform=platform,
            platform_source=view.platform.source or "no evidence: the platforms that come into question",
            fails_listing=True,
            engine_message=each.message,
        )
