"""Tar header inside a tar-split is invalid or contradicts its entry.

What it finds
    A readable tar-split with a raw piece that is no tar header where one must be (wrong checksum, no number, cut), or
    an entry whose name or size is not that of its header.

Why it matters
    The tar made from it cannot be read: `archive/tar: invalid tar header`.

How sure
    High: the engine copies both from one header.

Remedy
    `analyzer plan` restores the tar-split from a new pull of the image; no image and no container is removed.

Engine source
    vbatts/tar-split tar/asm/disassemble.go; archive/tar reader.go.
"""

from __future__ import annotations

from analyzer.checks.content.tar_split_breaks import breaks
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.tar_split import HEADERS


@rule(
    "TSP-005",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS,),
    says="a tar header in the tar-split of layer {layer} is wrong: expected {expected}, found {seen}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Tell headers that do not parse or disagree with their entry."""
    yield from breaks(view, this, HEADERS)
