"""What a container wrote fills the disk.

What happened
    A container writes into its own layer without bound: a log, a cache, a core dump.

How it shows
    The file system of the graph root is full, and the writable layer of one container holds a great share of it.

What speaks against it
    Many layers without a record, or images nobody uses: then pruning frees more.

What to do
    Let the container free the space, or remove it once its data are saved. Removing images frees little.

Sources
    kubernetes#52336, podman#3841, cri-o#4744.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Hypothesis, Step

PRIOR = 0.5
FIRST, FURTHER, FULL = 3.5, 2.5, 2.5


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose the container that holds the most of a full file system."""
    found = sorted(case.of("HST-003", at_least="warning"), key=lambda f: (-f.facts["bytes"], f.order))
    if not found:
        return
    full = [f for f in case.of("STO-018", at_least="warning") if f.facts.get("full")]
    facts = found[0].facts
    keys = [f.subject.id for f in found]
    yield Hypothesis(
        family="container-fills-disk",
        title=f"container {facts['name']} fills the disk: its own layer holds {facts['share']}% of {facts['mount']}",
        subjects=subjects_of(found),
        explains={**weigh(found, FIRST, FURTHER), **dict.fromkeys(full, FULL)},
        prior=PRIOR,
        affected=case.affected(containers=keys),
        would_settle=("`du -x` of the layer's diff directory, and what in the container writes there",),
        plan=(
            Step(
                "",
                f"Free {facts['largest']} from inside the container (truncate or rotate it; deleting an open file "
                "frees nothing), and set a limit on what it may write.",
            ),
            Step("", "Or save what it wrote and remove the container or its pod: that frees its layer."),
        ),
    )
