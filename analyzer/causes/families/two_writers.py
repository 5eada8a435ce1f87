"""Two engines, versions or hosts wrote one graph root without seeing each other.

What happened
    A root on shared storage was mounted by two hosts, locks did not work between them (NFS, two mount name spaces, a
    copied lock directory), or two engine versions kept different index files. Each wrote what it knew.

How it shows
    One id with two records, one name on two objects, two short links of one layer, one writable layer with two owners.

What speaks against it
    Index files of the wrong form: that is an edit by hand.

What to do
    Give each host and engine a root of its own. The engine itself drops the second copies at its next write; remove
    what is wrong by id and pull it again.

Sources
    Rules STO-013, STO-014, OVL-005, CTR-005; podman#24900, buildah#966.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Hypothesis, Reason, Step

PRIOR = -0.7
MAIN, FURTHER = 3.0, 2.0
RULES = ("STO-013", "STO-014", "CTR-005", "OVL-005")


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose two writers for everything that is there twice."""
    twice = [f for f in case.of(*RULES, at_least="warning") if not f.facts.get("read_only")]
    if not twice:
        return
    rules = {f.rule for f in twice}
    reasons = [Reason(f"{len(rules)} kinds of object are there twice", 1.0)] if len(rules) > 1 else []
    hit = [str(c) for f in twice if f.rule == "CTR-005" for c in f.facts.get("containers", ())]
    layers = [f.subject.id for f in twice if f.rule == "OVL-005" and f.severity != "warning" and f.subject.id]
    first = twice[0].subject
    yield Hypothesis(
        family="two-writers",
        title=f"{first.kind} {first.label} is there twice: two engines or hosts wrote one root",
        subjects=subjects_of(twice),
        explains=weigh(twice, MAIN, FURTHER),
        prior=PRIOR,
        reasons=tuple(reasons),
        affected=case.affected(layers=layers, containers=[c for c in hit if c in case.rel.containers]),
        would_settle=("which hosts mount this root, and which engine versions open it",),
        plan=(Step("", "Give each host and each engine version a graph root of its own."),),
    )
