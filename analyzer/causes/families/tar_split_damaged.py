"""The tar-split of a layer is missing or damaged: the layer runs, but cannot be pushed, saved or verified.

What happened
    `overlay-layers/<id>.tar-split.gz` keeps what is needed to rebuild the layer's exact tar. It was removed, or its
    bytes changed on the medium.

How it shows
    gzip or JSON errors, sizes that do not add up. Running containers do not need it; `podman push`, `save` and the
    check's digest test do. One of another length than the layer's record says belongs to another layer: then comparing
    the files with it shows differences that are none.

What speaks against it
    A zero-length or NUL-filled file (power loss); a layer pulled as zstd:chunked, which has none.

What to do
    Remove the images above and pull again, when something needs to push or verify them.

Sources
    Rules TSP-001 to TSP-005; run with containers-storage check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.causes.family import family
from analyzer.causes.grouping import by_layer, weigh
from analyzer.causes.model import Hypothesis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.causes.case import Case

PRIOR = 0.0
RULES = ("TSP-014", "TSP-001", "TSP-002", "TSP-003", "TSP-004", "TSP-005")
FOREIGN = frozenset({"TSP-004", "TSP-014"})
"""Rules that tell of another layer's list: what comparing with it shows is no damage."""
COMPARED = (
    "TSP-006", "TSP-007", "TSP-009", "TSP-010", "TSP-011", "TSP-012", "OVL-022", "OVL-023", "OVL-024",
)  # fmt: skip
MAIN, FURTHER, DIFFERENCE = 3.0, 1.0, 2.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one damage for each tar-split."""
    for layer_id, findings in by_layer(case.written(*RULES)).items():
        affected = case.affected(layers=[layer_id])
        missing = findings[0].rule == "TSP-001"
        explains = weigh(findings, MAIN, FURTHER)
        if any(f.rule in FOREIGN for f in findings):
            explains.update(dict.fromkeys(case.about([layer_id], *COMPARED), DIFFERENCE))
        yield Hypothesis(
            family="tar-split-damaged",
            title=f"the tar-split of layer {layer_id[:12]} is {'missing' if missing else 'damaged'}",
            subjects=(findings[0].subject,),
            explains=explains,
            prior=PRIOR,
            affected=affected,
            would_settle=("kernel I/O errors and `smartctl -a` of the node's disk",),
        )
