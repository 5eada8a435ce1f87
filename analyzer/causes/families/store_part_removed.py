"""The directory of a store's images, layers or containers was removed.

What happened
    Somebody removed `overlay-containers`, `overlay-images` or `overlay-layers` by hand, to get rid of containers or to
    make room, or a restore left it out.

How it shows
    The directory is gone from the graph root, whose own time is that of the removal; what other records name, or what
    belongs to it, is still there.

What speaks against it
    A graph root that was not changed since: then the capture left the directory out.

What to do
    Let no engine start: its garbage collection deletes what belongs to records that are gone. Restore the directory.

Sources
    containers/storage store.go: load, GarbageCollect.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import Affected, Hypothesis
from analyzer.checks.finding import Finding

PRIOR = -1.0
MAIN, LEFT = 5.0, 1.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one removal for each directory that is gone."""
    for finding in case.of("STO-022", at_least="warning"):
        explains = {finding: MAIN}
        if finding.facts["part"] == "containers":
            known = case.of("LPD-005", "LPD-006", "LPD-009", "LPD-010", at_least="warning")
            explains.update(dict.fromkeys(known, LEFT))
        explains.update(dict.fromkeys(case.about(finding.facts["traces"], "OVL-013", "LAY-015", "CTR-010"), LEFT))
        yield Hypothesis(
            family="store-part-removed",
            title=_title(finding),
            subjects=subjects_of([finding]),
            explains=explains,
            prior=PRIOR,
            affected=_affected(case, finding),
            would_settle=("a backup of the directory; the shell history and logs of the time it was removed",),
        )


def _title(finding: Finding) -> str:
    if aside := finding.facts.get("aside"):
        return f"{finding.facts['path']} was renamed: {aside} is there"
    return f"{finding.facts['path']} was removed while its {finding.facts['part']} were in use"


def _affected(case: Case, finding: Finding) -> Affected:
    """Return the containers where their part is gone; without records of images or layers nothing opens."""
    if finding.facts["part"] == "containers":
        return case.affected(containers=finding.facts["containers"])
    return case.everything()
