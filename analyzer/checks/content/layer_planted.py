"""Layer's diff directory holds a file that its tar does not have.

What it finds
    Files, links, nodes, whiteouts and directories in a layer's diff that no entry of the layer tar made. Directories
    that the tar only implies as parents are the engine's own and are not told.

Why it matters
    The layer is read-only by contract: somebody or something wrote into it behind the engine's back, and every image
    and container on it sees the file. A foreign whiteout hides a file of the layers below. `podman system check`
    without full contents, CRI-O's check and every digest check pass over it.

How sure
    High: names come from the layer's own tar headers. A directory alone is a warning: mount points get left behind.

Remedy
    Find out who wrote it (its owner and time are in the evidence) and keep a copy if an intrusion is possible. Then
    `analyzer plan` restores the layer's files from a new pull of the image; no image or container is removed. A layer
    built here that no registry has can only come from a backup.

Engine source
    containers/storage check.go: LayerContents, the only engine check that sees it.
"""

from __future__ import annotations

from analyzer.checks.content.finding_facts import common, evidence, subject
from analyzer.checks.rule import ERROR, WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.source.member import DIRECTORY
from analyzer.verify.facts import PLANTED


@rule(
    "TSP-010",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS, Need.CONTENT),
    says="layer {layer} holds entries that are not in its tar: {what}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Tell foreign files, one finding a layer."""
    for facts in view.contents.values():
        found = sorted(facts.of(PLANTED), key=lambda each: (each.kind == DIRECTORY, each.path))
        if not found:
            continue
        only_directories = found[0].kind == DIRECTORY
        yield this.found(
            subject(view, facts, found),
            evidence(facts, found),
            severity=WARNING if only_directories else ERROR,
            **common(facts, found, facts.count(PLANTED)),
        )
