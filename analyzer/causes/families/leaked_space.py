"""Space that nothing uses any more: directories without a record, layers without a user.

What happened
    A removal, pull or build stopped between the record and the directory, or containers of a crashed node were
    forgotten. Nothing is broken; space is wasted.

How it shows
    Directories below `overlay`, `overlay-images` or `overlay-containers` that no record names; layers that no image and
    no container stands on.

What speaks against it
    Records in a run root or a store that the bundle does not hold: then the directories may be in use.

What to do
    Let the engine collect it: CRI-O does at its start (since 1.28), Podman with `podman system prune --external`. Look
    first whether a lost record is the reason: then the directory is what remains of a good layer.

Sources
    Rules OVL-013, LAY-013, IMG-021, CTR-010; collection at start was run on CRI-O 1.37.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Hypothesis, Reason
from analyzer.checks.finding import Finding
from analyzer.graph.usage import leaks
from analyzer.snapshot.overlay import text_of
from analyzer.words import and_more, human

PRIOR = 0.5
RULES = ("OVL-013", "LAY-013", "IMG-021", "CTR-010", "LAY-015", "TSP-013", "OVL-014")
WEIGHT, FURTHER, UNSURE = 2.0, 1.0, 0.1


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one leak for everything nobody uses."""
    found = sorted(case.of(*RULES, at_least="warning"), key=lambda f: (f.rule != "OVL-013", _height(case, f), f.order))
    if not found:
        return
    what = subjects_of(found)
    unrecorded = [f for f in case.of("LPD-005") if not f.facts["infra"]] if case.of("OVL-013", "CTR-010") else []
    whole = case.snapshot.whole
    further = FURTHER if whole else UNSURE
    first = what[0]
    more = and_more(len(what))
    ids = {each.id for each in what}.union(*(finding.ids("layers") for finding in found))
    held = sum(leak.bytes or 0 for leak in leaks(case.snapshot, case.rel) if leak.id in ids)
    size = f"{human(held)} leaked" if held else "leaked space"
    yield Hypothesis(
        family="leaked-space",
        title=f"{first.kind} {first.label}{more}: used by nothing, {size}",
        subjects=what,
        explains={**weigh(found, WEIGHT, further), **dict.fromkeys(unrecorded, further)},
        prior=PRIOR,
        reasons=() if whole else (Reason("the bundle is not whole: its users may be in what is lost", -2.0),),
        would_settle=("a bundle with the run root, to be sure that no record lies there",),
    )


def _height(case: Case, finding: Finding) -> int:
    """Return how high above its base a left-over directory stands, by its `lower`: what others stand on comes first."""
    directory = case.rel.directory(finding.subject.id)
    return (text_of(directory.lower) or "").count("l/") if directory else 0
