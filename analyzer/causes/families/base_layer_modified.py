"""Files of a read-only layer changed after the pull.

What happened
    Image layers are read-only by contract. Somebody wrote into `overlay/<id>/diff` on the host (a hand edit, a scanner
    that cleaned or quarantined a file, an agent, malware), or the medium changed bytes.

How it shows
    Files whose size, checksum, type or place is not what tar-split kept from the pull. Every image and container above
    the layer runs with the change; nothing in the engines notices before a push or a full check.

What speaks against it
    Zero-length or NUL-filled files (power loss); only times of directories, or directories that the layer never named
    (the engine made them: normal). A tar-split of another length than the record says: it is not this layer's, and no
    file of the layer could make it so.

What to do
    Find out who wrote it, then remove every image above the layer and pull again: the layer is shared, so a partial
    removal keeps the changed files.

Sources
    cri-o#9496, podman#8005, containers/storage#2397; the engine's quick check does not look at contents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.causes.family import family
from analyzer.causes.grouping import by_layer, weigh
from analyzer.causes.model import Hypothesis, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.causes.case import Case
    from analyzer.checks.finding import Finding

PRIOR = 0.0
RULES = ("TSP-006", "TSP-007", "TSP-008", "TSP-009", "TSP-010", "TSP-011", "OVL-023", "OVL-024")
FILES = frozenset({"TSP-006", "TSP-007", "TSP-009", "TSP-010", "TSP-011"})
"""Rules about the files themselves: who replaced a file replaced its attributes."""
MAIN, FURTHER = 3.5, 1.0
HALF = 0.5


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one modification for each layer whose files differ."""
    for layer_id, findings in by_layer(case.written(*RULES)).items():
        if case.about([layer_id], "TSP-014"):
            continue
        yield _hypothesis(case, layer_id, findings)


def _hypothesis(case: Case, layer_id: str, findings: list[Finding]) -> Hypothesis:
    explains = weigh(findings, MAIN, FURTHER)
    if any(f.rule in FILES for f in findings):
        explains.update(dict.fromkeys(case.about([layer_id], "OVL-022"), FURTHER))
    affected = case.serving([layer_id])
    files = list(dict.fromkeys(str(name) for f in findings for name in f.facts.get("files", ())))
    count = max(len(files), sum(int(f.facts.get("count", 1)) for f in findings))
    what = files[0] if count == 1 and files else f"{count} files"
    return Hypothesis(
        family="base-layer-modified",
        title=f"{what} of the read-only layer {layer_id[:12]} changed after the pull",
        subjects=tuple(dict.fromkeys(f.subject for f in findings)),
        explains=explains,
        prior=PRIOR,
        reasons=tuple(_reasons(findings)),
        affected=affected,
        would_settle=(
            "who wrote at the files' mtime and ctime: audit log, scanner and agent logs",
            "`--depth deep`, which rebuilds the layer and compares its SHA-256",
        ),
    )


def _reasons(findings: list[Finding]) -> Iterator[Reason]:
    """Yield what times and numbers say for and against a writer on this one layer."""
    contents = [f for f in findings if f.rule == "TSP-007"]
    if contents and len(contents) == len(findings) and all(f.facts.get("untouched") for f in contents):
        yield Reason("the files still have the times they were unpacked with: nobody wrote to them", -1.5)
    modes = [f for f in findings if f.rule == "OVL-024"]
    if len(modes) == len(findings) and any(f.facts.get("sweep") and float(f.facts["share"]) >= HALF for f in modes):
        yield Reason("most files of the layer changed in the same way: that is a sweep, not an edit", -1.5)
