"""Layer rebuilt from its files does not have its diff-digest.

What it finds
    With `--depth deep`: a layer whose files all have their recorded sizes and checksums, but whose tar, put together
    from tar-split and files, has another SHA-256 than the `diff-digest` of the record.

Why it matters
    Only this proves that a layer is what was pulled: a CRC-64 can be deceived, and the tar-split or the record may
    have been changed with the files. `podman system check` reports `layer content incorrect digest`.

How sure
    High: it is SHA-256 over the whole. A layer with files that other rules call changed is not told again. Layers of
    partial pulls by old engines have the digest of the blob in `diff-digest` and no tar-split, and are left out.

Remedy
    Treat it as tampering until shown otherwise: keep a copy of the layer. Then `analyzer plan` restores the layer's
    files from a new pull of the image; no image or container is removed. A layer built here that no registry has can
    only come from a backup.

Engine source
    containers/storage check.go: LayerDigests; vbatts/tar-split tar/asm/assemble.go.
"""

from __future__ import annotations

from analyzer.checks.content.uncompared import not_rebuilt
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.rebuild import Rebuilt
from analyzer.verify.facts import CONTENT, EMPTIED, LINK, MISSING, SIZE, TYPE, ZEROED

TOLD = (CONTENT, EMPTIED, LINK, MISSING, SIZE, TYPE, ZEROED)


@rule(
    "TSP-008",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS, Need.CONTENT, Need.REBUILT),
    says="the tar rebuilt from layer {layer} has the digest {observed}; its record says {expected}",
    left_out=not_rebuilt,
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare the digest of every layer that could be rebuilt."""
    for layer_id, facts in view.contents.items():
        record, file = facts.record, facts.description
        if file is None or not record.diff_digest.startswith("sha256:") or facts.count(*TOLD) or facts.problems:
            continue
        rebuilt = (view.snapshot.rebuilt or {}).get(file.path, Rebuilt())
        if not rebuilt.digest or rebuilt.digest == record.diff_digest:
            continue
        pointer = record.where.field("diff-digest")
        yield this.found(
            view.layer(layer_id, facts.diff),
            [
                (Where(facts.diff), record.diff_digest, f"{rebuilt.digest} ({rebuilt.size} bytes)"),
                (pointer, rebuilt.digest, record.diff_digest),
            ],
            layer=layer_id,
            layers=[layer_id],
            expected=record.diff_digest,
            observed=rebuilt.digest,
        )
