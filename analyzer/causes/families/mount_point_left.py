"""Files were left in a mount point when its mount went.

What happened
    A container's overlay was unmounted while something still wrote below its mount point, was detached lazily, or the
    node stopped: bind-mount targets and secrets stayed as plain files in `merged`.

How it shows
    `merged` of a layer holds a few entries and nothing of the image. The layer itself is sound.

What speaks against it
    The whole tree of the image in `merged`: then it was mounted while the bundle was made.

What to do
    Stop the container, see that nothing is mounted there, and move the entries aside. Nothing of the image or of the
    container's layer lies there.

Sources
    cri-o#8596, cri-o#9136, containers/podman#23504, container-libs#100.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Hypothesis, Step
from analyzer.words import and_more

PRIOR = 0.0
FIRST, FURTHER = 3.0, 2.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one unclean unmount for all mount points that hold files."""
    found = case.widest_first(case.of("OVL-026", at_least="warning"))
    if not found:
        return
    more = and_more(len(found))
    holders = sorted({key for f in found for key in f.facts["containers"]})
    yield Hypothesis(
        family="mount-point-left",
        title=f"the mount point of layer {found[0].subject.id[:12]}{more} holds left-over files, not a mount",
        subjects=subjects_of(found),
        explains=weigh(found, FIRST, FURTHER),
        prior=PRIOR,
        affected=case.affected(containers=holders),
        would_settle=("/proc/mounts of the node and of the engine's mount name space, for these paths",),
        plan=(
            Step("", "Stop the container and see that nothing is mounted there."),
            Step(
                "",
                "Move what lies in `merged` aside and leave an empty directory: it is no part of the image.",
                instead=True,
            ),
        ),
    )
