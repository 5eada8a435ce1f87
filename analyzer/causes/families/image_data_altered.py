"""Manifest, config or other data of an image changed after it was written.

What happened
    The bytes of a big-data file are not those whose digest the record keeps: edited by hand, or damaged on the medium.

How it shows
    A digest that does not match, at the right size. The engine's own check compares sizes only and finds nothing; CRI-O
    fails its whole listing with `Download config.json digest … does not match expected …` or a JSON error.

What speaks against it
    NUL bytes or 0 bytes: that is a write that never reached the disk.

What to do
    `analyzer plan` restores the item, from a copy in the store or from a new pull of the image. By hand: remove the
    image by id and pull it again.

Sources
    containers/storage#145, podman#22655; run on CRI-O 1.37: the check finds nothing and the listing stays broken.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import by_image, weigh
from analyzer.causes.model import Hypothesis, Reason
from analyzer.causes.times import image_file_moved
from analyzer.checks.finding import Finding
from analyzer.words import and_more

PRIOR = -0.3
RULES = ("IMG-003", "IMG-004", "IMG-007", "IMG-005", "IMG-011", "IMG-002", "IMG-019", "IMG-020")
MAIN, FURTHER = 3.2, 1.0
DIGESTS = frozenset({"IMG-003", "IMG-004"})
FOLLOWS = ("IMG-013", "IMG-014")
"""Rules that hold the layers against a manifest or config: what they see follows from its changed bytes."""


MANY = 3
"""From so many images on whose files were written later one program is meant."""


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one alteration for each image whose data does not match, and one for many that were written later."""
    altered = by_image(case.written(*RULES))
    moved = [key for key, findings in altered.items() if any(image_file_moved(case, f) for f in findings)]
    if len(moved) >= MANY:
        yield _hypothesis(case, {key: altered.pop(key) for key in moved}, moved=True)
    for key, findings in altered.items():
        yield _hypothesis(case, {key: findings}, moved=key in moved)


def _hypothesis(case: Case, images: dict[str, list[Finding]], *, moved: bool) -> Hypothesis:
    findings = [f for each in images.values() for f in each]
    if len(images) > 1:
        findings = case.widest_first(findings)
    explains = weigh(findings, MAIN, FURTHER)
    digests = [key for key, each in images.items() if any(f.rule in DIGESTS for f in each)]
    explains.update({f: FURTHER for f in case.about(digests, *FOLLOWS) if f not in explains})
    return Hypothesis(
        family="image-data-altered",
        title=f"data of image {findings[0].subject.label}{and_more(len(images))} is not what was stored",
        subjects=subjects_of(findings) if len(images) > 1 else (findings[0].subject,),
        explains=explains,
        prior=PRIOR,
        reasons=(Reason("the file was written after the other files of its image", 0.7),) if moved else (),
        affected=case.affected(images=images),
        would_settle=("the file's mtime against the record's; `smartctl -a` and kernel I/O errors of the node",),
        fails_listing=any(f.facts.get("fails_listing") for f in findings),
    )
