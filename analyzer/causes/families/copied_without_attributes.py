"""The store was copied or restored without extended attributes, device nodes, owners or hard links.

What happened
    A backup, rsync or tar without `--xattrs`, or as a user who may not make device nodes, made this store. Opaque
    marks, file capabilities and whiteouts are gone.

How it shows
    Opaque directories without their mark, whiteouts that are missing or plain files, setcap programs without their
    rights, owners all alike. Files that an upper layer deleted come back.

What speaks against it
    A capture without any extended attribute: then the bundle lost them, not the store, and nothing is claimed.

What to do
    `analyzer plan` restores the attributes. By hand: remove the images above and pull again. Copy stores only with
    `rsync -aHAXS --numeric-ids` or `tar --xattrs --xattrs-include='*' --numeric-owner`.

Sources
    Rules OVL-022 to OVL-024.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Hypothesis, Reason
from analyzer.verify.facts import MARK
from analyzer.words import and_more

PRIOR = -0.3
RULES = ("OVL-022", "OVL-016", "OVL-023")
MAIN, FURTHER = 3.0, 1.5


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one lossy copy for all layers that lost attributes."""
    lost = case.widest_first(f for f in case.of(*RULES, at_least="warning") if f.facts.get("facet") != MARK)
    nodes = [f for f in lost if f.rule == "OVL-023"]
    kept = [facts for facts in case.view.contents.values() if facts.whiteouts[0]]
    if len(nodes) == len(lost) and (not nodes or kept):
        return
    layers = [f.subject.id for f in lost if f.subject.kind == "layer"]
    affected = case.serving(layers)
    more = and_more(len(set(layers)))
    yield Hypothesis(
        family="copied-without-attributes",
        title=f"layer {layers[0][:12] if layers else lost[0].subject.path}{more} lost attributes that its tar has",
        subjects=subjects_of(lost),
        explains=weigh(lost, MAIN, FURTHER),
        prior=PRIOR,
        reasons=(Reason("no whiteout of any layer is left", 1.5),) if nodes and not kept else (),
        affected=affected,
        would_settle=("how and when the store was copied: backup and restore logs, migration scripts",),
    )
