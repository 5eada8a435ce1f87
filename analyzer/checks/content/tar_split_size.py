"""Pieces of a tar-split do not add up to the recorded diff-size.

What it finds
    A tar-split whose raw pieces and file sizes add up to another length than the `diff-size` of the layer record. It is
    arithmetic: no layer content is needed.

Why it matters
    The tar made from it has the wrong length; `podman system check` reports `read N bytes instead of M bytes` and
    `layer content incorrect size`. Either the tar-split belongs to another layer, or the record was changed. Where the
    layer's files are those that the tar-split lists, or the recorded length is that of no tar, the record is wrong.

How sure
    High: both numbers are in the bundle, and both were written when the layer was unpacked. Layers with sparse files
    are left out, whose tar-split does not give the length of the tar.

Remedy
    `crictl rmi ID` or `podman rmi ID` for each image on the layer, then pull again.

Engine source
    containers/storage layers.go: applyDiffWithOptions; check.go.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.verify.facts import IDENTITY, TIME

HARMLESS = {TIME, IDENTITY}
BLOCK = 512
"""A tar is as long as a number of blocks."""


@rule(
    "TSP-004",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS,),
    says="the tar-split of layer {layer} describes a tar of {total:byte}, but its record says {size}{proof}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare the two lengths of every layer whose tar-split is whole."""
    for layer_id, facts in view.contents.items():
        record, file = facts.record, facts.description
        size = record.diff_size
        if facts.source != "tar-split" or file is None or facts.problems or facts.total is None:
            continue
        if size is None or size < 0 or not record.diff_digest or size == facts.total:
            continue
        record_wrong = bool(size % BLOCK) or (facts.compared > 0 and not facts.counts.keys() - HARMLESS)
        pointer = record.where.field("diff-size")
        yield this.found(
            view.layer(layer_id, file.path),
            [
                (Where(file.path), f"{size} bytes", f"{facts.total} bytes in all pieces"),
                (pointer, f"{facts.total}", f"{size}"),
            ],
            layer=layer_id,
            layers=[layer_id],
            total=facts.total,
            size=size,
            record_wrong=record_wrong,
            one_bit=(size ^ facts.total).bit_count() == 1,
            proof="; the layer's files say that the record is wrong" if record_wrong else "",
        )
