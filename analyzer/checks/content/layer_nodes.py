"""Device node, fifo or whiteout of a layer is missing or has another type or number.

What it finds
    A device node or fifo of the layer tar that is missing, of another type or another number, and a whiteout entry
    (`.wh.NAME`) with neither a 0:0 character device nor a `.wh.` file in its place, or with a file there.

Why it matters
    Without its whiteout, a file that the image deleted reappears from the layers below, in every image on the layer.

How sure
    High where the bundle has any device node; where it has none at all, the capture or a copy dropped them: `info`.
    Rootless stores cannot hold device nodes, and partial pulls make no fifos: both are left out.

Remedy
    `analyzer plan` restores the layer's files from a new pull of the image; no image or container is removed. A layer
    built here that no registry has can only come from a backup.

Engine source
    containers/storage pkg/archive: overlayWhiteoutConverter.ConvertRead, handleTarTypeBlockCharFifo.
"""

from __future__ import annotations

from collections import Counter

from analyzer.checks.content.finding_facts import common, evidence, subject
from analyzer.checks.rule import ERROR, INFO, LOW, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.verify.facts import NODE, WHITEOUT


@rule(
    "OVL-023",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS, Need.CONTENT, Need.DIFF_LISTING),
    says="file types of layer {layer} differ from its tar: {what}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Tell lost nodes and whiteouts, one finding a layer."""
    doubtful: Counter[str] = Counter()
    for facts in view.contents.values():
        doubtful[facts.record.id] += facts.doubts[NODE] + facts.doubts[WHITEOUT]
        found = facts.of(NODE, WHITEOUT)
        if found:
            yield this.found(
                subject(view, facts, found),
                evidence(facts, found),
                **common(facts, found, facts.count(NODE, WHITEOUT)),
            )
    lacking = sorted((layer for layer, count in doubtful.items() if count), key=lambda layer: (-doubtful[layer], layer))
    if lacking:
        total = doubtful.total()
        yield this.found(
            view.layer(lacking[0]),
            [(Where(view.store.home.path), f"{total} device nodes and whiteouts", "no device node in the bundle")],
            severity=INFO,
            confidence=LOW,
            variant="not-kept",
            says="the bundle holds no device node; its layers should have {count} nodes and whiteouts",
            count=total,
            **users_of(view, lacking).facts,
            doubt=f"{total} whiteouts and device nodes are absent: the store lost them, or the capture left them out",
        )
