"""The tar-split of a layer is missing or damaged: the layer runs, but cannot be pushed, saved or verified.

What happened
    `overlay-layers/<id>.tar-split.gz` keeps what is needed to rebuild the layer's exact tar. It was removed, or its
    bytes changed on the medium.

How it shows
    gzip or JSON errors, sizes that do not add up. Running containers do not need it; `podman push`, `save` and the
    check's digest test do.

What speaks against it
    A zero-length or NUL-filled file (power loss); a layer pulled as zstd:chunked, which has none.

What to do
    Remove the images above and pull again, when something needs to push or verify them.

Sources
    containers-storage-format §5 and rows TSP-001 to TSP-005; run with containers-storage check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.causes.family import family
from analyzer.causes.model import Hypothesis
from analyzer.causes.plan import pull_again

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.causes.case import Case
    from analyzer.checks.finding import Finding

PRIOR = 0.0
RULES = ("TSP-001", "TSP-002", "TSP-003", "TSP-004", "TSP-005")
MAIN, FURTHER = 3.0, 1.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one damage for each tar-split."""
    by_layer: dict[str, list[Finding]] = {}
    for finding in case.of(*RULES, at_least="warning"):
        if not finding.facts.get("unsynced"):
            by_layer.setdefault(finding.subject.id, []).append(finding)
    for layer_id, findings in sorted(by_layer.items()):
        affected = case.affected(layers=[layer_id])
        missing = findings[0].rule == "TSP-001"
        yield Hypothesis(
            family="tar-split-damaged",
            title=f"the tar-split of layer {layer_id[:12]} is {'missing' if missing else 'damaged'}",
            subjects=(findings[0].subject,),
            explains={f: MAIN if n == 0 else FURTHER for n, f in enumerate(findings)},
            prior=PRIOR,
            affected=affected,
            would_settle=("kernel I/O errors and `smartctl -a` of the node's disk",),
            plan=pull_again(case, affected),
        )
