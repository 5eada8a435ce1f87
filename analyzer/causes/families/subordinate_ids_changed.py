"""The user's range of subordinate ids was changed under a rootless store.

What happened
    /etc/subuid or /etc/subgid was rewritten (a user made again, `usermod --add-subuids`, an identity service, another
    machine) while the store kept the owners of the old range.

How it shows
    Owners in layers lie outside the range that the files give the user now; shifted back by the old start they are
    the owners of the image.

What speaks against it
    A copy that changed owners: then they are no shifted range.

What to do
    Give the old range back and run `podman system migrate`: nothing is lost.

Sources
    podman#23369, podman#2542, podman#7778; subuid(5).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import Hypothesis, Reason, Step

PRIOR = 0.0
WEIGHT = 3.5


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose a changed range where owners of layers lie outside it."""
    found = case.of("HST-001", at_least="warning")
    if not found:
        return
    facts = found[0].facts
    affected = case.affected(layers=[str(layer) for layer in facts["layers"]])
    reasons = [Reason("every id that is not the user's own lies outside the range", 1.0)] if facts["everything"] else []
    yield Hypothesis(
        family="subordinate-ids-changed",
        title=f"{facts['path']} was changed under the store: files of id {facts['number']} now belong to nobody",
        subjects=subjects_of(found),
        explains=dict.fromkeys(found, WEIGHT),
        prior=PRIOR,
        reasons=tuple(reasons),
        affected=affected,
        would_settle=("an older /etc/subuid, e.g. /etc/subuid-, and the history of user management",),
        plan=(
            Step(
                "",
                f"Give user `{facts['user']}` a range that contains {facts['number']} again in /etc/subuid and "
                "/etc/subgid; /etc/subuid- keeps the last version. Then `podman system migrate` as that user: "
                "nothing is lost.",
            ),
            Step("", "Only if the old range cannot be had: remove the images named here and pull them again."),
        ),
    )
