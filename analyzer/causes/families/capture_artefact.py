"""The bundle shows two moments: the store changed while it was being copied.

What happened
    tar read the layer directories, an engine pulled or removed something, and then tar read the records (or the other
    way round). The store itself is whole.

How it shows
    Records of layers whose directories are absent, although the directory above them was last changed *before* these
    layers were made: making or removing a layer directory moves that time, so the listing is older than the records.

What speaks against it
    A time of the driver's home after the layer was made: then its directory was there, and went. Records that were
    restored over older layer directories look the same.

What to do
    Capture again, with the engines stopped or from a file-system snapshot. Change nothing on the node before.

Sources
    Seen by letting a pull finish between two reads.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Hypothesis, Reason, Step
from analyzer.causes.times import listed_before
from analyzer.words import and_more

PRIOR = -1.0
MAIN, FURTHER, LINK = 5.0, 4.0, 1.5


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose a torn capture for layers made after their home was listed."""
    late = case.widest_first(f for f in case.of("OVL-012") if listed_before(case, f.subject.id))
    if not late:
        return
    layers = [f.subject.id for f in late]
    explains = weigh(late, MAIN, FURTHER)
    explains.update(dict.fromkeys(case.about(layers, "OVL-004", "OVL-001", "OVL-002"), LINK))
    more = and_more(len(layers))
    yield Hypothesis(
        family="capture-artefact",
        title=f"layer {layers[0][:12]}{more} was made after its directory was listed: captured while the store changed",
        subjects=subjects_of(late),
        explains=explains,
        prior=PRIOR,
        reasons=(Reason("the driver's home was last changed before these layers were made", 2.0),),
        affected=case.affected(layers=layers),
        severity=late[0].severity,
        would_settle=("a second bundle, taken with the engines stopped or from a file-system snapshot",),
        plan=(
            Step(
                "tar --xattrs --xattrs-include='*' --acls --numeric-owner --sparse --one-file-system -cf BUNDLE.tar …",
                "Capture again with the engines stopped, or from a snapshot of the file system. Change nothing before.",
            ),
        ),
    )
