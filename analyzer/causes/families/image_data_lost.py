"""An image record without its manifest, config or other data.

What happened
    A process was killed between making the image record and writing its data, somebody removed files below
    `overlay-images/<id>`, or the node crashed in between.

How it shows
    `locating item named "manifest" for image with ID … file does not exist`. One such record fails the whole listing of
    CRI-O and of Podman; CRI-O's check finds a missing file, but not a missing name in the record.

What speaks against it
    A pull that is still running: the record exists before its data.

What to do
    `analyzer plan` restores the item, from a copy in the store or from a new pull of the image. By hand: remove the
    image by id and pull it again.

Sources
    podman#3982, podman#4264, podman#11363, podman#12854; run on CRI-O 1.37 and podman 4.3.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import by_image, weigh
from analyzer.causes.model import Hypothesis
from analyzer.checks.finding import Finding
from analyzer.words import and_more

PRIOR = -0.3
RULES = ("IMG-001", "IMG-006", "IMG-011", "IMG-010")
MAIN, FURTHER = 3.5, 1.0
MANY = 3
"""From so many images on that lost data one event is meant."""


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one loss for each image with missing data, and one for all that lack the same, or for many."""
    lost = {key: f for key, f in by_image(case.written(*RULES)).items() if not case.about([key], "IMG-008")}
    alike = [key for key, findings in lost.items() if _lacks(findings) == frozenset({"manifest"})]
    if len(alike) > 1:
        yield _hypothesis(case, {key: lost.pop(key) for key in alike})
    if len(lost) >= MANY:
        yield _hypothesis(case, lost)
        return
    for key, findings in lost.items():
        yield _hypothesis(case, {key: findings})


def _lacks(findings: list[Finding]) -> frozenset[str]:
    """Return the items that the bundle has of no one image, by the names that all images have for them."""
    return frozenset(str(item) for f in findings if f.rule == "IMG-001" for item in f.facts.get("items", ()))


def _hypothesis(case: Case, images: dict[str, list[Finding]]) -> Hypothesis:
    findings = case.widest_first(f for each in images.values() for f in each)
    subject = findings[0].subject
    whose = "its record names" if len(images) == 1 else "their records name"
    return Hypothesis(
        family="image-data-lost",
        title=f"image {subject.label}{and_more(len(images))} lost data that {whose}",
        subjects=subjects_of(findings),
        explains=weigh(findings, MAIN, FURTHER),
        prior=PRIOR,
        affected=case.affected(images=images),
        would_settle=("whether a pull of this image was running; the journal at the record's time",),
        fails_listing=any(f.facts.get("fails_listing") for f in findings),
    )
