"""Podman's database was made for another graph root or another driver.

What happened
    The graph root was moved or copied to another path, or the driver in storage.conf was changed, while podman's
    database kept the old one: it is written once and never follows.

How it shows
    Paths or driver in the database differ from storage.conf. The store itself is sound.

What speaks against it
    The store was looked at through another mount point, with `--root`: then storage.conf is not what was used.

What to do
    Make the path that the database names lead to the store again, or set the driver back. Moving the database aside
    makes podman take the new place, and forgets all containers.

Sources
    podman#5932, podman#11928, podman#27380, podman#9162; run on podman 4.3.1.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from analyzer.causes.case import subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import CONTAINER_LOSS, Hypothesis, Step
from analyzer.causes.plan import on_node, start_again, stop_writers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.causes.case import Case
    from analyzer.checks.finding import Finding

PRIOR = 0.5
WEIGHT, DRIVER = 3.5, 2.5


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose a moved root or a changed driver where the database says another."""
    found = case.of("LPD-003", at_least="warning")
    if not found:
        return
    places = [f for f in found if f.facts["member"] == "graph_root"]
    first = (places or found)[0]
    facts = first.facts
    yield Hypothesis(
        family="libpod-database-elsewhere",
        title=f"podman's database was made for {facts['what']} {facts['database']}, not {facts['configured']}",
        subjects=subjects_of([first, *found]),
        explains={f: WEIGHT if f in places else DRIVER for f in found},
        prior=PRIOR,
        would_settle=("`podman info` and the command line podman is started with (`--root`, `--storage-driver`)",),
        plan=tuple(_plan(case, first, moved=bool(places))),
    )


def _plan(case: Case, first: Finding, *, moved: bool) -> Iterator[Step]:
    yield stop_writers(case)
    old, new = str(first.facts["database"]), str(first.facts["configured"])
    if moved:
        target = shlex.quote(old)
        yield Step(
            f"mkdir -p {target} && mount --bind {shlex.quote(new)} {target}",
            f"Let the old path lead to the store again (a line in /etc/fstab makes it last), and set graphroot in "
            f"storage.conf back to {old}. Nothing is lost.",
            after="`podman ps -a` and `podman images` list everything",
        )
    else:
        yield Step(
            "",
            f"Set `driver = {old!r}` in storage.conf, which is what the store was made with. Nothing is lost.",
            after="`podman images` lists every image",
        )
    place = on_node(case, first.subject.path)
    yield Step(
        f"mv {place} {place}.old",
        "Only if that cannot be done: move the database aside. Podman makes a new one and forgets every container.",
        CONTAINER_LOSS,
    )
    yield start_again(case)
