"""Podman's database was made for another graph root.

What happened
    The graph root was moved or copied to another path, while podman's database kept the old one: it is written once
    and never follows.

How it shows
    Paths in the database differ from storage.conf. The store itself is sound.

What speaks against it
    The store was looked at through another mount point, with `--root`: then storage.conf is not what was used.

What to do
    Make the path that the database names lead to the store again.
    Moving the database aside makes podman take the new place, and forgets all containers.

Sources
    podman#5932, podman#11928, podman#27380, podman#9162; run on podman 4.3.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import Hypothesis, Step
from analyzer.checks.finding import Finding

PRIOR = 0.5
WEIGHT = 3.5


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose a moved root or a changed driver where the database says another."""
    found = [f for f in case.of("LPD-003", at_least="warning") if f.facts["member"] == "graph_root"]
    if not found:
        return
    first = found[0]
    yield Hypothesis(
        family="libpod-database-elsewhere",
        title=_title(first),
        subjects=subjects_of(found),
        explains=dict.fromkeys(found, WEIGHT),
        prior=PRIOR,
        affected=case.everything() if first.facts.get("unused") else case.affected(),
        would_settle=("`podman info` and the command line podman is started with (`--root`, `--storage-driver`)",),
        plan=_advice(first),
    )


def _title(first: Finding) -> str:
    facts = first.facts
    if facts.get("unused"):
        return f"{facts['conf']} sends podman to {facts['configured']}: the store at {facts['database']} is not used"
    return f"podman's database was made for {facts['what']} {facts['database']}, not {facts['configured']}"


def _advice(first: Finding) -> tuple[Step, ...]:
    old = first.facts["database"]
    if first.facts.get("unused"):
        return (
            Step(
                "", f"Set graphroot in storage.conf back to {old}: images and containers are there again.", instead=True
            ),
        )
    back = (
        f"Let {old} lead to the store again (a bind mount, with a line in /etc/fstab), and set graphroot in "
        "storage.conf back to it. Nothing is lost."
    )
    aside = "Only if that cannot be done: move the database aside. Podman makes a new one and forgets every container."
    return Step("", back, instead=True), Step("", aside, instead=True)
