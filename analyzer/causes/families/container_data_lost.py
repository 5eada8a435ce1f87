"""A container record whose image, data or state is gone.

What happened
    The image was removed under the container, or files below `overlay-containers/<id>` were lost.

How it shows
    `podman inspect`, start or commit fail; CRI-O deletes containers and sandboxes it cannot restore at its start.

What speaks against it
    A build container from scratch has no image: that is normal.

What to do
    Save the container's writable files if they matter, then remove it.

Sources
    Restore failures were run on CRI-O 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.causes.family import family
from analyzer.causes.grouping import by_subject, weigh
from analyzer.causes.model import Hypothesis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.causes.case import Case

PRIOR = 0.0
RULES = ("CTR-002", "CTR-006", "CTR-007", "CTR-008", "CTR-009")
LEFT = ("IMG-021",)
MAIN, FURTHER = 2.5, 1.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one loss for each container, and one for each image that containers miss."""
    for findings in by_subject(case.written(*RULES)).values():
        subject = findings[0].subject
        named = [str(i) for f in findings for i in f.facts.get("containers", ())]
        containers = [subject.id] if subject.kind == "container" else named
        affected = case.affected(containers=[c for c in containers if c in case.rel.containers])
        explains = weigh(findings, MAIN, FURTHER)
        if subject.kind == "image":
            explains.update(dict.fromkeys(case.about([subject.id], *LEFT), FURTHER))
        what = ", ".join(subject.names[:2]) or subject.id[:12] or subject.path
        yield Hypothesis(
            family="container-data-lost",
            title=f"{subject.kind} {what}: what the container needs is gone",
            subjects=(subject,),
            explains=explains,
            prior=PRIOR,
            affected=affected,
            would_settle=("the engine's journal at the time the image or the file went away",),
        )
