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

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import by_subject, group, weigh
from analyzer.causes.model import Hypothesis, Step
from analyzer.checks.finding import Finding, Subject
from analyzer.words import and_more, plural

PRIOR = 0.0
RULES = ("CTR-002", "CTR-006", "CTR-007", "CTR-008", "CTR-009")
LEFT = ("IMG-021",)
MAIN, FURTHER = 2.5, 1.0
MANY = 3
"""From so many containers on that lack the same one event is meant."""


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one loss for each container or for many alike, and one for each image that containers miss."""
    for finding in case.of("CTR-010", at_least="warning"):
        yield _without_record(case, finding)
    lost = by_subject(case.written(*RULES))
    alike = group([f[0] for f in lost.values() if f[0].subject.kind == "container"], lambda f: f.rule)
    for several in alike.values():
        if len(several) >= MANY:
            yield _of_many(case, [lost.pop(f.subject.key) for f in several])
    for findings in lost.values():
        subject = findings[0].subject
        named = [i for f in findings for i in f.facts.get("containers", ())]
        containers = [subject.id] if subject.kind == "container" else named
        affected = case.affected(containers=[c for c in containers if c in case.rel.containers])
        explains = weigh(findings, MAIN, FURTHER)
        if subject.kind == "image":
            explains.update(dict.fromkeys(case.about([subject.id], *LEFT), FURTHER))
        yield Hypothesis(
            family="container-data-lost",
            title=_title(subject, len(containers)),
            subjects=(subject,),
            explains=explains,
            prior=PRIOR,
            affected=affected,
            would_settle=("the engine's journal at the time the image or the file went away",),
        )


def _of_many(case: Case, lost: list[list[Finding]]) -> Hypothesis:
    """Return the loss of the same thing of many containers."""
    findings = [f for each in lost for f in each]
    return Hypothesis(
        family="container-data-lost",
        title=f"container {findings[0].subject.label}{and_more(len(lost))} lost what they need",
        subjects=subjects_of(findings),
        explains=weigh(findings, MAIN, FURTHER),
        prior=PRIOR,
        affected=case.affected(containers=[each[0].subject.id for each in lost]),
        would_settle=("the engine's journal at the time the files went away",),
    )


def _title(subject: Subject, containers: int) -> str:
    if subject.kind == "container":
        return f"container {subject.label} lost what it needs"
    need = "needs" if containers == 1 else "need"
    return f"{subject.kind} {subject.label} has no record, and {plural(containers, 'container')} {need} it"


def _without_record(case: Case, finding: Finding) -> Hypothesis:
    """Return the hypothesis that one container's record went, and its data and layer stayed."""
    key = finding.subject.id
    explains = {finding: MAIN}
    known = [f for f in case.of("LPD-005") if f.facts["key"] == key]
    explains.update(dict.fromkeys((*known, *case.of("LAY-013", "LAY-015")), FURTHER))
    return Hypothesis(
        family="container-data-lost",
        title=f"containers.json has no record of container {key[:12]}, whose data and writable layer are there",
        subjects=(finding.subject,),
        explains=explains,
        prior=PRIOR,
        affected=case.affected(containers=[key]),
        would_settle=("an older copy of containers.json; the engine's journal for a removal that failed",),
        plan=(Step("", "Save what is in its layer before anything collects it: no record protects it any more."),),
    )
