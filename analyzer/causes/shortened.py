"""What a script shortened in many places at once: every `lower` by a name, ids of layers to how they begin."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.model import Hypothesis
from analyzer.checks.finding import Finding
from analyzer.words import and_more

FAMILY, PRIOR = "records-disagree", -0.6
CUT, BEGINNING = 3.0, 6.0
MANY = 3
SHORT, WHOLE = 12, 64
"""Digits of an id that engines show, and all of them."""
SETTLE = "shell history and scripts of the time these files were last changed"


def shortened(case: Case) -> Iterator[Hypothesis]:
    """Propose one command for what was shortened in the same way."""
    wrong, empty = case.written("OVL-009"), [f for f in case.of("OVL-007") if f.facts.get("unsynced")]
    lack = {_lacks(f) for f in wrong}
    if len(lack) == 1 and "" not in lack and len(wrong) + len(empty) >= MANY and all(map(_of_one_name, empty)):
        yield _cut(case, [*wrong, *empty], lack.pop())
    lost = [f for f in case.lost_records("IMG-016", "LAY-001", "CTR-001") if SHORT <= len(f.subject.id) < WHOLE]
    known = sorted(case.rel.layers) if lost else []
    if begin := [f for f in lost if _begins_one(known, f.subject.id)]:
        yield _of_beginnings(case, begin)


def _lacks(finding: Finding) -> str:
    """Return which one name a `lower` lacks, `""` where it is wrong in another way."""
    named, recorded = list(finding.facts["named"]), list(finding.facts["recorded"])
    return "first" if named == recorded[1:] else "last" if named == recorded[:-1] else ""


def _of_one_name(finding: Finding) -> bool:
    """Tell whether an empty `lower` should have one name: then a file cut by a name is empty, and no power was lost."""
    return ":" not in finding.facts["lower_should_be"]


def _cut(case: Case, findings: list[Finding], lack: str) -> Hypothesis:
    ordered = case.widest_first(findings)
    return Hypothesis(
        family=FAMILY,
        title=f"`lower` of {len(ordered)} layers lacks the {lack} name that it should have",
        subjects=subjects_of(ordered),
        explains=dict.fromkeys(ordered, CUT),
        prior=PRIOR,
        affected=case.affected(layers=[f.subject.id for f in ordered]),
        would_settle=(SETTLE,),
    )


def _begins_one(known: list[str], start: str) -> bool:
    """Tell whether exactly one of sorted ids begins so."""
    place = bisect_left(known, start)
    return len([key for key in known[place : place + 2] if key.startswith(start)]) == 1


def _of_beginnings(case: Case, findings: list[Finding]) -> Hypothesis:
    first = findings[0].subject.id
    return Hypothesis(
        family=FAMILY,
        title=f"{first}{and_more(len(findings))} is how a layer's id begins, where records have all of it",
        subjects=subjects_of(findings),
        explains=dict.fromkeys(findings, BEGINNING),
        prior=PRIOR,
        affected=case.affected(
            layers=[f.subject.id for f in findings],
            images=[key for f in findings for key in f.facts.get("images", ())],
            containers=[key for f in findings for key in f.facts.get("containers", ())],
        ),
        would_settle=(SETTLE,),
    )
