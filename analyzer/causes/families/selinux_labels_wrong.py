"""The store was relabelled, or copied to a place whose labels are not for containers.

What happened
    `restorecon` ran without a rule for this graph root, the store was moved or restored without its labels, or the
    policy for containers was not installed when it was made.

How it shows
    Files of most layers carry the SELinux type of a home directory, of /var/lib or of no place at all.

What speaks against it
    A bundle without labels says nothing, and SELinux may not enforce on the node.

What to do
    Set the labels again with `restorecon -RF`. No image has to be pulled.

Sources
    podman#27007, podman#3234, podman#8182; container-selinux.
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
    """Propose wrong labels where layers carry those of another place."""
    found = case.of("HST-002", at_least="warning")
    if not found:
        return
    facts = found[0].facts
    yield Hypothesis(
        family="selinux-labels-wrong",
        title=f"the SELinux labels of {facts['root']} are not for containers ({facts['type']})",
        subjects=subjects_of(found),
        explains=dict.fromkeys(found, WEIGHT),
        prior=PRIOR,
        reasons=(Reason("every layer with labels has them", 1.0),) if facts["count"] == facts["all"] else (),
        affected=case.affected(layers=[str(layer) for layer in facts["layers"]]),
        would_settle=("`sestatus`, `semanage fcontext -l -C` and the AVC denials in audit.log",),
        plan=(
            Step(
                "",
                "Only for a graph root of your own: `semanage fcontext -a -e /var/lib/containers/storage PATH`, so "
                "that its labels are like those of the usual place.",
                instead=True,
            ),
            Step(
                "",
                "`restorecon -RF PATH` with no container running. Nothing is lost, nothing is pulled again.",
                instead=True,
            ),
        ),
    )
