"""Two images of a read-only store carry one name.

What happened
    An additional image store was filled by a tool that gave a second image the name of the first without taking it
    away (a copy by hand, a migration tool that was stopped or ran twice).

How it shows
    Two records in the images.json of the additional store hold one name. Engines mend that in a store they may write;
    in a read-only one they refuse to open it.

What speaks against it
    Two names of one image are no clash.

What to do
    Open the additional store writable, with the tool that fills it, and remove the older image or its name.

Sources
    NERSC/podman-hpc#53, #65, #119; containers/storage images.go: load (read-only image store assigns the same name to
    multiple images).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Hypothesis, Step

PRIOR = 0.5
FIRST, FURTHER = 3.5, 2.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one careless filling for all names that are there twice in read-only stores."""
    found = [f for f in case.of("STO-014", at_least="warning") if f.facts.get("read_only")]
    if not found:
        return
    facts = found[0].facts
    yield Hypothesis(
        family="read-only-names-clash",
        title=f"{facts['count']} images of a read-only store hold the name {facts['name']}: no command opens it",
        subjects=subjects_of(found),
        explains=weigh(found, FIRST, FURTHER),
        prior=PRIOR,
        affected=case.everything(),
        would_settle=("how the additional store is filled, and by which versions",),
        plan=(
            Step(
                "",
                "Give the additional store as graph root to the tool that fills it (`podman --root PATH`), and remove "
                "the older of the two images or its name there. The images of the graph root are not touched.",
                instead=True,
            ),
        ),
        fails_listing=True,
    )
