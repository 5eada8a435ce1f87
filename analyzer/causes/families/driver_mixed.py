"""Two graph drivers, or two ways of mounting, used one root.

What happened
    storage.conf was changed (overlay to vfs, a mount program added or removed), a tool without configuration chose
    another driver, or the root was used on two hosts.

How it shows
    Data of two drivers under one root: each driver lists only its own images, so images "disappear". Whiteouts of the
    other style make deleted files come back.

What speaks against it
    Left-over empty directories of the other driver.

What to do
    Decide which driver is right, set it in storage.conf for every engine, and remove the other one's data.

Sources
    Rules STO-009, STO-010, OVL-015; wrong driver run on CRI-O 1.37 (no images,
    nothing deleted).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import Affected, Hypothesis, Step
from analyzer.checks.finding import Finding

PRIOR = 0.0
WEIGHT, CROSSED, FOLLOWS = 2.5, 5.0, 1.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one mix-up for a root with data of several drivers."""
    told = [f for f in case.of("LPD-003", at_least="warning") if f.facts["member"] == "driver"]
    found = [*case.of("STO-009", "STO-010", "OVL-015", at_least="warning"), *told]
    if not found:
        return
    yield Hypothesis(
        family="driver-mixed",
        title=_title(case, found[0]),
        subjects=subjects_of(found),
        explains={**dict.fromkeys(found, WEIGHT), **_followed(case, found)},
        prior=PRIOR,
        affected=case.everything() if found[0].rule in ("STO-010", "LPD-003") or _crossed(found) else Affected(),
        would_settle=("every storage.conf and crio.conf of the node, old ones included",),
        plan=(
            Step(
                "podman info --format '{{.Store.GraphDriverName}}'",
                "See which driver the engine uses now.",
                instead=True,
            ),
            Step(
                "", "Set the driver that holds the images in storage.conf, for every engine on this root.", instead=True
            ),
        ),
    )


def _crossed(found: list[Finding]) -> list[Finding]:
    """Return the findings about records that lie under the name of another driver."""
    return [f for f in found if f.rule == "STO-009" and f.facts.get("everything")]


def _followed(case: Case, found: list[Finding]) -> dict[Finding, float]:
    """Return what follows where the records lie under the name of another driver: they are gone for the first."""
    told = _crossed(found)
    gone = case.of("LPD-009", "STO-022", "STO-002", "OVL-013", "OVL-012") if told else []
    return {**dict.fromkeys(gone, FOLLOWS), **dict.fromkeys(told, CROSSED)}


def _title(case: Case, first: Finding) -> str:
    root, facts = case.store.root or "this root", first.facts
    if first.rule == "STO-010":
        return f"{facts['path']} names the driver {facts['configured']}, the data of {root} are of {facts['driver']}"
    if first.rule == "LPD-003":
        return f"{facts['conf']} names the driver {facts['configured']}, podman's database {facts['database']}"
    if told := _crossed([first]):
        return f"the records of {told[0].facts['path']} lie under the name of another driver"
    return f"more than one storage driver used {root}"
