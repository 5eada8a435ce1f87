"""File of a layer is missing, or has another type, size or link target.

What it finds
    In a layer's diff directory, a file that the layer tar has and the directory lacks, one of another type, a regular
    file of another size, a symlink to another target. An empty directory for a whole layer counts as all files missing
    when the bundle has the files of most other layers. Empty and NUL-filled files have a rule of their own (TSP-009),
    device nodes and whiteouts too (OVL-023).

Why it matters
    Layers are read-only by contract: every image and container on the layer sees the change, and the engine serves it
    without a word. Reading the layer back (push, save, commit, `podman system check`) fails with
    `file integrity checksum failed for "PATH"`, which also hides that a file is missing, since the engine then looks
    for it in the parents.

How sure
    High: sizes and types come from the layer's own tar headers, kept in its tar-split or table of contents. Parents
    that the tar does not name, duplicates through symlinked directories and files held by hard links of another layer
    are understood. Medium for a layer without any file. Information where the bundle holds no directory, no symlink or
    no file of that size anywhere: the capture did not take them.

Remedy
    `analyzer plan` restores the layer's files from a new pull of the image; no image or container is removed. A layer
    built here that no registry has can only come from a backup.

Engine source
    containers/storage pkg/archive: createTarFile; vbatts/tar-split tar/asm/assemble.go: WriteOutputTarStream.
"""

from __future__ import annotations

from analyzer.checks.content.finding_facts import PAGE, common, evidence, left_open, subject, untouched
from analyzer.checks.rule import ERROR, HIGH, MEDIUM, Findings, Need, Rule, StoreView, rule
from analyzer.verify.facts import LINK, MISSING, NAMES, SIZE, TYPE, Difference, LayerFacts

FACETS = (MISSING, TYPE, SIZE, LINK)
UNSURE = "layer {layer} lacks files in the bundle: {what}"
DOUBT = "{total} files of layer {layer} are absent: removed, or left out of the capture"


@rule(
    "TSP-006",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS, Need.CONTENT, Need.DIFF_LISTING),
    says="layer {layer} differs from what was unpacked: {what}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Tell missing, retyped, resized and retargeted files, one finding a layer."""
    for facts in view.contents.values():
        found = facts.of(*FACETS)
        unsure = facts.left_open(*NAMES)
        if unsure[0]:
            yield left_open(view, this, facts, unsure, says=UNSURE, doubt=DOUBT)
        if not found:
            continue
        yield this.found(
            subject(view, facts, found),
            evidence(facts, found),
            confidence=MEDIUM if facts.emptied else HIGH,
            unsynced=any(_unsynced(facts, each) for each in found),
            **common(facts, found, facts.count(*FACETS)),
        )


def _unsynced(facts: LayerFacts, each: Difference) -> bool:
    """Tell the picture of a write that stopped: cut at a page or NUL at its end, with the time of unpacking."""
    if each.facet != SIZE or not untouched(facts, each):
        return False
    size = int(each.observed.split(" ", 1)[0])
    return bool(each.note) or (size < each.size and size % PAGE == 0)
