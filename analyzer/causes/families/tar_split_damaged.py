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
    `analyzer plan` restores it from a new pull of the image. By hand, if something needs to push or verify the images
    above: remove them and pull again.

Sources
    Rules TSP-001 to TSP-005; run with containers-storage check.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import by_layer, weigh
from analyzer.causes.model import Hypothesis
from analyzer.checks.finding import Finding
from analyzer.words import and_more

PRIOR = 0.0
RULES = ("TSP-014", "TSP-002", "TSP-003", "TSP-004", "TSP-005")
FOREIGN = frozenset({"TSP-004", "TSP-014"})
"""Rules that tell of another layer's list: what comparing with it shows is no damage."""
COMPARED = (
    "TSP-006", "TSP-007", "TSP-009", "TSP-010", "TSP-011", "TSP-012", "OVL-022", "OVL-023", "OVL-024",
)  # fmt: skip
MAIN, FURTHER, DIFFERENCE = 3.0, 1.0, 2.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one damage for each tar-split, and one for all that are gone; likewise for tables of contents."""
    for rules, what in ((("TSP-001",), "tar-split"), (("LAY-010", "LAY-011"), "table of contents")):
        if gone := case.widest_first(case.written(*rules)):
            yield _gone(case, gone, what)
    damaged = [f for f in case.written(*RULES) if not f.facts.get("record_wrong")]
    for layer_id, findings in by_layer(damaged).items():
        affected = case.affected(layers=[layer_id])
        explains = weigh(findings, MAIN, FURTHER)
        if any(f.rule in FOREIGN for f in findings):
            explains.update(dict.fromkeys(case.about([layer_id], *COMPARED), DIFFERENCE))
        yield Hypothesis(
            family="tar-split-damaged",
            title=f"the tar-split of layer {layer_id[:12]} is damaged",
            subjects=(findings[0].subject,),
            explains=explains,
            prior=PRIOR,
            affected=affected,
            would_settle=("kernel I/O errors and `smartctl -a` of the node's disk",),
        )


def _gone(case: Case, gone: list[Finding], what: str) -> Hypothesis:
    """Return the hypothesis that somebody took, or spoiled, what lists the files of layers: one command for all."""
    layers = list(dict.fromkeys(f.subject.id for f in gone))
    state = "damaged" if gone[0].rule == "LAY-011" else "missing"
    return Hypothesis(
        family="tar-split-damaged",
        title=f"the {what} of layer {layers[0][:12]}{and_more(len(layers))} is {state}",
        subjects=subjects_of(gone),
        explains=weigh(gone, MAIN, FURTHER),
        prior=PRIOR,
        affected=case.affected(layers=layers),
        would_settle=("shell history, and cleaners that go over the graph root",),
    )
