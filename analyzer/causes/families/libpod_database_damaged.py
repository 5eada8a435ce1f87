"""Podman's own database is damaged; the store is not.

What happened
    The machine lost power, the disk was full or a copy was cut while podman wrote `libpod/bolt_state.db` or `db.sql`;
    or a page or a value in it was overwritten.

How it shows
    The file is NUL, cut, empty, that of another node, or refused by its library; or one container's document in it is
    no JSON. Images, layers and containers of the store are sound.

What speaks against it
    Damage in layers and index files as well: then the same event hit the store, and that is the greater loss.

What to do
    Keep the file. Move it aside: podman makes a new one, images and volumes' data stay, and the containers show under
    `podman ps -a --external`. No podman command mends a document that does not read.

Sources
    podman#17634, podman#17730, podman#21292, podman#11309; each damage run on podman 4.3.1 or
    6.0.0-dev.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import Hypothesis, Reason, Step
from analyzer.checks.finding import Finding
from analyzer.words import and_more

PRIOR = 0.5
OPENS_NOT, INSIDE, EMPTIED, VALUE, FURTHER = 4.0, 2.5, 3.0, 3.5, 1.0

OF_OTHERS = "others"


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one damage for everything wrong inside the database."""
    whole = case.of("LPD-001", "LPD-002", at_least="warning")
    values = case.of("LPD-004", at_least="warning")
    found = [*whole, *values]
    if not found:
        return
    first = found[0]
    explains = {f: _weight(f) for f in found}
    explains.update(dict.fromkeys(values[1:], FURTHER))
    if any(f.variant == OF_OTHERS for f in whole):
        explains.update(dict.fromkeys((*case.of("LPD-005"), *case.of("LPD-006"), *case.of("LPD-003")), FURTHER))
    hit = [f.facts["key"] for f in values if f.facts.get("kind") == "container"]
    yield Hypothesis(
        family="libpod-database-damaged",
        title=_title(first, values),
        subjects=subjects_of(found),
        explains=explains,
        prior=PRIOR,
        reasons=tuple(_reasons(case, whole)),
        affected=case.affected(containers=hit),
        would_settle=(
            "the journal around the last start of podman that worked, for a power loss or a full disk",
            "an older copy of the database, e.g. from a backup or a snapshot of the file system",
        ),
        plan=(
            Step(
                "",
                "Put an older copy of the database in its place, where one is kept: then nothing is lost.",
            ),
            Step(
                "",
                "Without one, stop podman and move the file aside: podman makes a new one. Images, volumes' data and "
                "containers' layers stay, ports and pods do not.",
                instead=True,
            ),
            Step(
                "",
                "Then `podman ps -a --external` lists what podman no longer knows: save what those layers hold, remove "
                "each by its id, make it again. `podman volume create NAME` takes the data of a volume that is there.",
            ),
        ),
        fails_listing=any(not f.facts.get("opens", True) for f in whole),
    )


def _weight(finding: Finding) -> float:
    if finding.rule == "LPD-004":
        return VALUE
    if finding.rule == "LPD-002":
        return EMPTIED
    return INSIDE if finding.facts.get("opens") else OPENS_NOT


def _title(first: Finding, values: list[Finding]) -> str:
    name = first.subject.path.rpartition("/")[2]
    if first.rule == "LPD-001":
        said = f" ({first.facts['error']})" if first.facts.get("error") else ""
        return f"podman's database {name} is damaged{said}: podman fails, the images are not touched"
    if first.rule == "LPD-002":
        return f"podman's database {name} {first.facts['what']}: podman has forgotten its containers"
    more = and_more(len(values))
    facts = first.facts
    if facts.get("absent"):
        return f"podman's {name} has no {facts['part']} of {facts['kind']} {facts['name']}{more}"
    return f"the {facts['part']} of {facts['kind']} {facts['name']}{more} in podman's {name} cannot be read"


def _reasons(case: Case, whole: list[Finding]) -> Iterator[Reason]:
    lost = sorted({name for f in whole for name in f.facts.get("lost", ())})
    if lost:
        yield Reason(f"pages of the file still hold {len(lost)} containers and pods that nothing leads to", 0.5)
    others = [f for f in case.findings if not f.rule.startswith("LPD-") and f.severity in ("error", "critical")]
    if not others:
        yield Reason("nothing in the store itself is damaged", 0.5)
