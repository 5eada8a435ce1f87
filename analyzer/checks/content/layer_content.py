"""Content of a layer's file does not match its recorded checksum.

What it finds
    A regular file of the right size whose content has another CRC-64 than the layer's tar-split holds for it. Where the
    two checksums differ as they do when one bit flips, that bit is named.

Why it matters
    Every image and container on the layer runs with the changed content, silently. `podman system check` and
    `containers-storage check` name only the first such file of a layer: `file integrity checksum failed for "PATH"`;
    the quick checks of CRI-O and Podman name none.

How sure
    High: two contents of one size share a CRC-64 by accident once in 2^64. A CRC is no proof against somebody who
    wants to deceive it; `--depth deep` compares the SHA-256 of the whole layer. Checksums that
    differ by one bit, in a file whose time is as unpacked, point at the medium or memory; a later time at an edit (one
    edit in sixty of a single byte looks like one bit, too).

Remedy
    `analyzer plan` restores the layer's files from a new pull of the image; no image or container is removed. A layer
    built here that no registry has can only come from a backup. With flipped bits, look at the disk and the memory of
    the node first.

Engine source
    vbatts/tar-split tar/asm/assemble.go; containers/storage check.go.
"""

from __future__ import annotations

from analyzer.checks.content.finding_facts import common, evidence, subject, untouched
from analyzer.checks.content.uncompared import not_compared
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.bitflip import FLIP
from analyzer.verify.facts import CONTENT


@rule(
    "TSP-007",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS, Need.CONTENT),
    says="the content of layer {layer} differs from what was unpacked: {what}",
    left_out=not_compared,
)
def check(view: StoreView, this: Rule) -> Findings:
    """Tell changed contents, one finding a layer."""
    for facts in view.contents.values():
        found = facts.of(CONTENT)
        if not found or facts.source != "tar-split":
            continue
        flips = [each for each in found if each.note.startswith(FLIP)]
        yield this.found(
            subject(view, facts, found),
            evidence(facts, found),
            flipped={each.path: each.note for each in flips},
            one_bit=len(flips) == len(found),
            untouched=all(untouched(facts, each) for each in found),
            unsynced=any(each.note.startswith("NUL") and untouched(facts, each) for each in found),
            **common(facts, found, facts.count(CONTENT)),
        )
