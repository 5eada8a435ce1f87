"""File of a partial pull does not have the digest of its table of contents.

What it finds
    A layer that was pulled in parts (zstd:chunked, estargz, composefs) and has no tar-split: a regular file of the
    right size whose SHA-256 is not the one in the layer's table of contents, big data `zstd-chunked-manifest`.

Why it matters
    Every image and container on the layer runs with the changed content. No engine looks: `podman system check` skips
    layers known by their table of contents only, and calls healthy ones of older engines damaged.

How sure
    High: it is a comparison of SHA-256. In a bundle that comes through a pipe every file is hashed as it passes; a
    file or directory is read a second time for the files of such layers.

Remedy
    `analyzer plan` restores the layer's files from a new pull of the image; no image or container is removed. A layer
    built here that no registry has can only come from a backup.

Engine source
    containers/storage pkg/chunked/storage_linux.go: ApplyDiff; pkg/chunked/internal/minimal: FileMetadata.
"""

from __future__ import annotations

from analyzer.checks.content.finding_facts import common, evidence, subject, untouched
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, rule
from analyzer.verify.facts import CONTENT


@rule(
    "TSP-011",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS, Need.CONTENT),
    says="files of layer {layer} differ from its table of contents: {what}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Tell contents with another digest, one finding a layer."""
    for facts in view.contents.values():
        found = facts.of(CONTENT)
        if not found or facts.source == "tar-split":
            continue
        yield this.found(
            subject(view, facts, found),
            evidence(facts, found),
            untouched=all(untouched(facts, each) for each in found),
            unsynced=any(each.note.startswith("NUL") and untouched(facts, each) for each in found),
            **common(facts, found, facts.count(CONTENT)),
        )
