"""`created` of a layer is unset or in the future.

What it finds
    A layer without a creation time, or with one more than an hour after the newest write to the store.

Why it matters
    Little: the check of an engine never counts a layer from the future as old, and one without a time always. It
    shows that the node's clock jumped, or that the record was edited.

How sure
    High for the record; the time of the newest write is that of the index files and locks in the bundle, which a copy
    without times changes.

Remedy
    None.

Engine source
    containers/storage check.go; layers.go: create.
"""

from __future__ import annotations

from analyzer.checks.layers.age import last_write_ns
from analyzer.checks.rule import INFO, LOW, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.times import SECOND, format_time

SLACK_NS = 3_600 * SECOND


@rule(
    "LAY-016",
    severity=INFO,
    needs=(Need.LAYER_RECORDS,),
    says="created of layer {layer} is {seen}, where {expected} is expected",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare the creation time of every layer with the newest write to the store."""
    clock = last_write_ns(view)
    for record in view.layer_records:
        if record.created_ns is None:
            seen, expected = record.created or "absent", "a time"
        elif clock and record.created_ns > clock + SLACK_NS:
            seen, expected = record.created, f"a time up to the newest write, {format_time(clock)}"
        else:
            continue
        pointer = record.where.field("created")
        yield this.found(
            view.layer(record.id),
            [(pointer, expected, seen)],
            confidence=LOW,
            layer=record.id,
            layers=[record.id],
            seen=seen,
            expected=expected,
        )
