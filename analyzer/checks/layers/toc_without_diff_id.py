"""Layer known only by its table of contents lacks the expected DiffID.

What it finds
    A layer of an image with a `toc-digest`, no `diff-digest`, and no flag `expected-layer-diffid` that is a digest.

Why it matters
    Such an image runs, but cannot be pushed, saved or committed: `TOC digest … is present but
    "expected-layer-diffid" flag is not set`.

How sure
    High: the record says so.

Remedy
    Remove the images that go through the layer by id and pull them again.

Engine source
    containers/image storage/storage_src.go: LayerInfosForCopy; storage_dest.go: expectedLayerDiffIDFlag.
"""

from __future__ import annotations

from analyzer.checks.rule import WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.digests import is_digest

FLAG = "expected-layer-diffid"


@rule(
    "LAY-007",
    severity=WARNING,
    needs=(Need.LAYER_RECORDS, Need.ALL_IMAGE_RECORDS),
    says="layer {layer} is known by its toc-digest alone and its flag expected-layer-diffid is {seen}; it cannot be"
    " exported: {needed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge the flag of every TOC-only layer that an image needs."""
    for record in view.layer_records:
        if not record.toc_digest or record.diff_digest or record.incomplete:
            continue
        if record.id not in view.rel.images_on:
            continue
        value = record.flags.get(FLAG)
        if is_digest(value):
            continue
        seen = "absent" if value is None else repr(value)[:100]
        yield this.found(
            view.layer(record.id),
            [(record.where.field(f"flags/{FLAG}"), "a digest", seen)],
            **users_of(view, [record.id]).facts,
            seen=seen,
        )
