"""`manifest` of an image is a list, not a single manifest.

What it finds
    An image record whose `manifest` is a Docker manifest list or an OCI image index. A pull never makes one: it keeps
    the list under its digest and the manifest of the node's platform under `manifest`. `podman manifest create`,
    `buildah manifest create` and builds with `--manifest` do.

Why it matters
    Podman and Buildah know such records. CRI-O opens every record by id when it lists images, must choose an entry for
    the node's platform, and fails the whole listing when there is none (IMG-009) or when its manifest is not in this
    record (IMG-010), which for a list made on the node is always so. The kubelet's image garbage collection fails with
    it. The message names no image, a restart does not help, and the engines' check finds nothing.

How sure
    High: the bytes are in the bundle. On a host without a trace of CRI-O a list made there is harmless, hence a
    warning; where the record does hold the manifest for the node's platform, CRI-O lists it normally, hence info or a
    warning.

Remedy
    `podman manifest rm <ID>`, by id. Push the list to a registry first if it is wanted. Let builds use a root of their
    own.

Engine source
    CRI-O internal/storage/image.go ListImages; containers/image internal/image/docker_list.go, oci_index.go;
    cri-o#8283, cri-o#6457.
"""

from __future__ import annotations

from analyzer.checks.images.lists import ListedImage, lists_of
from analyzer.checks.rule import CRITICAL, INFO, WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.verify.image_items import listing, title


@rule(
    "IMG-008",
    severity=CRITICAL,
    needs=(Need.IMAGE_RECORDS,),
    says="manifest of image {name} ({image}) is {a_kind} for {platforms}, not a single manifest{consequence}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for lists in the place of a manifest."""
    for each in lists_of(view):
        fails = each.fails
        yield this.found(
            view.image(each.image),
            [(each.manifest.where, "a manifest for one platform", f"{each.manifest.media_type}: {_entries(each)}")],
            severity=_severity(view, each),
            name=title(each.image),
            image=each.image.id,
            images=[each.image.id],
            item="manifest",
            kind=each.manifest.kind,
            a_kind=each.manifest.a_kind,
            platforms=each.offered,
            platform=view.platform.spec and str(view.platform.spec),
            platform_source=view.platform.source,
            local="instances.json" in each.image.big_data_names or not each.image.layer,
            members=[entry.digest for entry in each.manifest.instances],
            fails_listing=fails is True,
            engine_message=each.message if fails else "",
            consequence=_consequence(view, each),
        )


def _severity(view: StoreView, each: ListedImage) -> str:
    if each.fails is False:
        return INFO if each.image.layer else WARNING
    if each.fails and _planted(each):
        return CRITICAL
    return CRITICAL if each.fails and view.crio else WARNING


def _consequence(view: StoreView, each: ListedImage) -> str:
    if each.fails is False:
        return "; CRI-O lists it, since the record holds the manifest for the node's platform"
    if each.fails is None:
        return "; whether CRI-O can list images with it depends on the node's platform, which is not known"
    if view.crio:
        return listing(each.message)
    if _planted(each):
        return "; Podman opens it as an ordinary image, which has a layer, and fails its whole listing"
    return "; harmless for Podman, and CRI-O could list no image with it"


def _planted(each: ListedImage) -> bool:
    """Tell whether the record is an ordinary image's: a list that podman or buildah made has no layer.

    Run on podman 4.3.1: such a record fails `podman images`; a list with `instances.json` does not.
    """
    return bool(each.image.layer) and "instances.json" not in each.image.big_data_names


def _entries(each: ListedImage) -> str:
    return f"{len(each.manifest.instances)} entries, {each.offered}"
