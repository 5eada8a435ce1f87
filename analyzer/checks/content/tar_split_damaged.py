"""tar-split is not one whole gzip stream of JSON lines.

What it finds
    A tar-split that is empty, NUL-filled, no gzip, cut off, fails its gzip checksum, has bytes after its end, or holds
    a line that is no JSON object of a tar-split entry.

Why it matters
    The layer tar cannot be made again: push, save and commit of every image on the layer fail with `unexpected EOF`,
    `gzip: invalid header`, `gzip: invalid checksum` or `EOF`, and `podman system check` calls the layer damaged and
    would delete it with its images. Containers still run, and the files themselves may be whole; they just cannot be
    checked any more.

How sure
    High: the bytes are in the bundle. An empty or NUL-filled file is the mark of a power cut; a failed checksum in a
    file of full length that of a flipped bit or a bad copy.

Remedy
    `analyzer plan` restores the tar-split from a new pull of the image; no image and no container is removed.

Engine source
    vbatts/tar-split tar/asm/assemble.go; containers/storage layers.go: diff.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.tar_split import DAMAGE

UNSYNCED = frozenset({"zero-length", "nul-bytes"})


@rule(
    "TSP-002",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS,),
    says="the tar-split of layer {layer} is damaged ({seen}): the layer can be neither checked nor pushed",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Tell every tar-split that does not read to its end."""
    for layer_id, facts in view.contents.items():
        file = facts.description
        problems = [problem for problem in facts.problems if problem.kind in DAMAGE]
        if facts.source != "tar-split" or not problems or file is None or file.cut:
            continue
        yield this.found(
            view.layer(layer_id, file.path),
            [(problem.where, problem.expected, problem.observed) for problem in problems],
            layer=layer_id,
            layers=[layer_id],
            seen=problems[0].observed,
            damage=problems[0].kind,
            unsynced=problems[0].kind in UNSYNCED,
        )
