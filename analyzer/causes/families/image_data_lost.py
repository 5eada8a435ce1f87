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
    Remove the image by id and pull it again.

Sources
    podman#3982, podman#4264, podman#11363, podman#12854; run on CRI-O 1.37 and podman 4.3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.causes.family import family
from analyzer.causes.grouping import by_image, weigh
from analyzer.causes.model import Hypothesis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.causes.case import Case

PRIOR = -0.3
RULES = ("IMG-001", "IMG-006", "IMG-011", "IMG-010")
MAIN, FURTHER = 3.5, 1.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one loss for each image with missing data."""
    for image_id, findings in by_image(case.written(*RULES)).items():
        if case.about([image_id], "IMG-008"):
            continue
        subject = findings[0].subject
        affected = case.affected(images=[image_id])
        yield Hypothesis(
            family="image-data-lost",
            title=f"image {subject.label} lost data that its record names",
            subjects=(subject,),
            explains=weigh(findings, MAIN, FURTHER),
            prior=PRIOR,
            affected=affected,
            would_settle=("whether a pull of this image was running; the journal at the record's time",),
            fails_listing=any(f.facts.get("fails_listing") for f in findings),
        )
