"""Podman's objects share locks.

What happened
    Podman 1.1 or 1.2 made the containers, or the database was copied or restored while podman went on with another.

How it shows
    Two or more containers, pods or volumes in the database have the number of one lock.

What speaks against it
    Nothing: podman never gives one lock to two objects.

What to do
    Stop all containers and run `podman system renumber`.

Sources
    podman#3381, podman#16784, podman#17091, podman#11539; run on podman 4.3.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Hypothesis, Step
from analyzer.words import plural

PRIOR = 0.0
MAIN, FURTHER = 4.0, 2.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one event for all locks that are shared."""
    found = case.of("LPD-011", at_least="warning")
    if not found:
        return
    yield Hypothesis(
        family="libpod-locks-shared",
        title=f"{found[0].facts['name']} share a lock in podman's database{_others(len(found) - 1)}: podman waits for "
        "itself",
        subjects=subjects_of(found),
        explains=weigh(found, MAIN, FURTHER),
        prior=PRIOR,
        affected=case.affected(containers=[each for finding in found for each in finding.facts["containers"]]),
        would_settle=("which podman made the containers, and whether libpod/ was ever copied or restored",),
        plan=(
            Step(
                "",
                "Stop all containers (kill podman processes that hang), then run `podman system renumber`: each gets a "
                "lock of its own. Reboot, or remove /dev/shm/libpod*lock*, before the containers are started.",
            ),
        ),
    )


def _others(count: int) -> str:
    return f", and so do the holders of {plural(count, 'further lock')}" if count else ""
