"""A manifest list made on the node: harmless for Podman, fatal for CRI-O's image listing.

What happened
    Somebody ran `podman manifest create`, `buildah manifest create` or `podman build --manifest` on a root that CRI-O
    uses too. That stores an image record whose `manifest` is the list itself. It cannot come from a CRI-O pull: a pull
    keeps the list under its digest and the single manifest under `manifest`.

How it shows
    CRI-O opens every record by id when it lists images, meets the list and must choose an instance. With none for the
    node's platform the whole listing fails with `no image found in manifest list` or `… in image index`; with one, its
    manifest is not in this record and it fails with `fetching target platform image selected from …`. The message names
    no image, a restart does not help, `podman images` works, and the engine's check finds nothing.

What speaks against it
    A list that does hold the node's instance in the same record lists normally: then the record was edited.

What to do
    Remove that one record by id. Push the list to a registry first if it is wanted; it must hold every platform of the
    cluster. Give builds a root of their own.

Sources
    cri-o#8283, cri-o#6457, minc#10, podman#19757; confirmed on CRI-O 1.37 and with skopeo by id.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case
from analyzer.causes.family import family
from analyzer.causes.grouping import by_image, weigh
from analyzer.causes.model import Hypothesis, Reason, Step
from analyzer.checks.finding import Finding

PRIOR = 0.0
MAIN, FURTHER = 3.5, 1.5


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one local list for each image record whose `manifest` is a list."""
    for image_id, findings in by_image(case.of("IMG-008", "IMG-009", "IMG-010", at_least="warning")).items():
        yield _hypothesis(case, image_id, findings)


def _hypothesis(case: Case, image_id: str, findings: list[Finding]) -> Hypothesis:
    subject = findings[0].subject
    image = case.rel.images.get(image_id)
    local = image is not None and "instances.json" in image.big_data_names
    reasons = [
        Reason("the record holds `instances.json`, which only podman and buildah write for a list", 2.0)
        if local
        else Reason("the record has no `instances.json`, which podman and buildah write for a list", -1.0)
    ]
    if image is not None and not image.layer:
        reasons.append(Reason("the record has no layer: a list has none, a pulled image has", 1.0))
    planted = not local and image is not None and bool(image.layer)
    fatal = bool(case.view.crio) or planted
    title = f"{subject.label} is a manifest list made on this node"
    if planted:
        what = subject.label
        title = f"the manifest of {what} is an index of manifests, put in its place"
    return Hypothesis(
        family="local-manifest-list",
        title=title + _consequence(fatal=fatal, planted=planted),
        subjects=(subject,),
        explains=weigh(findings, MAIN, FURTHER),
        prior=PRIOR,
        reasons=tuple(reasons),
        affected=case.affected(images=[image_id]),
        would_settle=(
            f"`skopeo inspect containers-storage:@{image_id}` on the node: it opens the record as the listing does",
            "who builds on this node: podman or buildah in CI jobs, shell history",
        ),
        plan=() if planted else _advice(fatal=fatal),
        harmless=not fatal,
        fails_listing=fatal and any(f.facts.get("fails_listing", True) for f in findings),
    )


def _consequence(*, fatal: bool, planted: bool) -> str:
    if planted:
        return ": every image listing fails"
    return ", and it makes CRI-O's whole image listing fail" if fatal else "; CRI-O could not list images with it"


def _advice(*, fatal: bool) -> tuple[Step, ...]:
    if not fatal:
        only = "Nothing, while only Podman and Buildah use this store. Before CRI-O does, push and remove the list."
        return (Step("", only),)
    return (
        Step(
            "",
            "If the list is wanted, push it with its members first: it must hold every platform of the cluster. "
            "From now on make lists on another root (`--root`) or another machine.",
        ),
    )
