"""File of a layer is empty or all NUL where it should have content.

What it finds
    Files of a layer that are zero bytes long, or hold nothing but NUL bytes, and should not. How many of the layer's
    files that is, and the window of their times, is part of the facts.

Why it matters
    Programs and configuration of every image on the layer are gone, while the engine takes the layer for complete: its
    record was synced to disk, its files were not. Containers fail with `exec format error`, empty configuration or
    crashes at random. CRI-O's quick check after an unclean stop does not look at contents and passes such layers.

How sure
    High that the content is gone. It is the mark of a power cut or crash soon after the pull when the files still
    have the times they were unpacked with (`unsynced`); a later time means that somebody or something emptied them.

Remedy
    `analyzer plan` restores the layer's files from a new pull of the image; no image or container is removed. A layer
    built here that no registry has can only come from a backup. Expect neighbours: whatever was pulled or written in
    the same minute.

Engine source
    containers/storage drivers/overlay: layer contents are not synced; layers.go: the record is.
"""

from __future__ import annotations

from analyzer.checks.content.finding_facts import common, evidence, left_open, subject, untouched
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, rule
from analyzer.verify.facts import EMPTIED, ZEROED

UNSURE = "no content of layer {layer} is in the bundle: {what}"
DOUBT = "{total} files of layer {layer} are empty, as all of every layer: emptied on the node, or in a copy of it"


@rule(
    "TSP-009",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS, Need.CONTENT),
    says="content of layer {layer} is gone (zero-length or NUL-filled): {what}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Tell empty and NUL-filled files, one finding a layer."""
    for facts in view.contents.values():
        found = facts.of(EMPTIED, ZEROED)
        unsure = facts.left_open(EMPTIED, ZEROED)
        if unsure[0]:
            yield left_open(view, this, facts, unsure, says=UNSURE, doubt=DOUBT)
        if not found:
            continue
        total = facts.count(EMPTIED, ZEROED)
        kept = [each for each in found if untouched(facts, each)]
        yield this.found(
            subject(view, facts, found),
            evidence(facts, found),
            share=round(total / max(facts.compared, 1), 4),
            untouched=len(kept) == len(found),
            unsynced=bool(kept),
            **common(facts, found, total),
        )
