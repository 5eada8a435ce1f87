"""`compression` is an unknown number or does not fit the digests.

What it finds
    A `compression` outside 0 to 4 (none, bzip2, gzip, xz, zstd); or a layer recorded as uncompressed whose
    `compressed-diff-digest` differs from its `diff-digest`.

Why it matters
    It does not for running containers. A push may compress again what need not be, or send the wrong media type.

How sure
    High: the record says so.

Remedy
    None needed; a new pull of the image writes the record again.

Engine source
    containers/storage layers.go: applyDiffWithOptions; pkg/archive compression numbers.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.layers import LayerRecord

KNOWN = range(5)
"""containers/storage pkg/archive Compression: none, bzip2, gzip, xz, zstd."""


@rule(
    "LAY-009",
    severity=INFO,
    needs=(Need.LAYER_RECORDS,),
    says="compression of layer {layer} is {seen}, where {expected} is expected",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge `compression` of every record."""
    for record in view.layer_records:
        odd = _odd(record)
        if odd is not None:
            expected, seen = odd
            pointer = record.where.field("compression")
            yield this.found(
                view.layer(record.id),
                [(pointer, expected, seen)],
                layer=record.id,
                layers=[record.id],
                expected=expected,
                seen=seen,
            )


def _odd(record: LayerRecord) -> tuple[str, str] | None:
    if record.compression not in KNOWN:
        return "a number from 0 to 4", str(record.compression)
    if record.compression or record.toc_digest or not record.diff_digest or not record.compressed_diff_digest:
        return None
    if record.compressed_diff_digest == record.diff_digest:
        return None
    return "a compressed form, as the digests differ", "0 (none)"
