"""Image record is an OCI artifact, not a container image.

What it finds
    An image whose OCI manifest names a config that is no OCI image config: an artifact (Helm chart, signature bundle,
    …) or a mix of an OCI manifest with a Docker config.

Why it matters
    CRI-O opens every record to list images and refuses this one, and with it the whole listing: `unsupported
    image-specific operation on artifact with type "…"`, or `invalid mixed OCI image with Docker v2s2 config (…)`. The
    engines since containers/image 5.22 do not store such records themselves; older ones, and other tools, did.

How sure
    High: the manifest is in the bundle. Without a trace of CRI-O on the node a warning.

Remedy
    Remove the record by its id. Keep artifacts in an artifact store (`podman artifact`) or a registry.

Engine source
    containers/image internal/manifest/errors.go, internal/image/oci.go OCIConfig.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.manifests import OCI_CONFIG
from analyzer.verify.image_items import listing, title


@rule(
    "IMG-012",
    severity=CRITICAL,
    needs=(Need.IMAGE_RECORDS,),
    says='image {name} ({image}) is an artifact: its config has the type "{seen}"{consequence}',
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look at the type of the config that the manifest names."""
    for each in view.images_judged:
        opening = each.opening
        manifest = opening.manifest
        if opening.step != "artifact" or each.blamed or manifest is None or manifest.config is None:
            continue
        seen = manifest.config.media_type
        yield this.found(
            view.image(each.image),
            [(manifest.where, f"a config of type {OCI_CONFIG}", seen or "no type")],
            severity=CRITICAL if view.crio else WARNING,
            name=title(each.image),
            image=each.image.id,
            images=[each.image.id],
            item="manifest",
            seen=seen,
            artifact_type=manifest.artifact_type,
            fails_listing=True,
            engine_message=opening.error,
            consequence=listing(opening.error),
        )
