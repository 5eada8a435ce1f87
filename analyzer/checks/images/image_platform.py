"""Image is built for another platform than the node.

What it finds
    An image whose config gives another operating system or architecture than the node has.

Why it matters
    Its containers fail with `exec format error`, unless the node runs foreign code through an emulator. Listing works:
    only a manifest list breaks that (IMG-008).

How sure
    High where the platform is known from the node itself; medium where the other images tell it. An image that no
    container uses may be wanted, for builds or copies, and is only information. One that containers were made from is
    an error: they cannot run.

Remedy
    Pull the image for the node's platform where it is meant to run here.

Engine source
    containers/image manifest/oci.go Inspect; opencontainers/image-spec config.md.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, INFO, Findings, Need, Rule, StoreView, rule
from analyzer.verify.image_items import title


@rule(
    "IMG-024",
    severity=INFO,
    needs=(Need.IMAGE_RECORDS,),
    says="image {name} ({image}) is built for {seen}; the node is {expected} (from {source})",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare every image's config with the node."""
    node = view.platform.spec
    if node is None:
        return
    for image, _, opening in view.images_judged:
        config = opening.config
        if config is None or not config.platform.os or not config.platform.architecture:
            continue
        if (config.platform.os, config.platform.architecture) == (node.os, node.architecture):
            continue
        users = view.rel.users_of_image.get(image.id, ())
        yield this.found(
            view.image(image),
            [(config.where, str(node), str(config.platform))],
            severity=ERROR if users else INFO,
            name=title(image),
            image=image.id,
            images=[image.id],
            containers=list(users),
            seen=str(config.platform),
            expected=str(node),
            source=view.platform.source,
            fails_listing=False,
        )
