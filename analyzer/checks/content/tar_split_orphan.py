"""tar-split or layer data directory has no layer record.

What it finds
    A `<id>.tar-split.gz` or a big-data directory in `overlay-layers` whose layer is in no layer record of the stores
    used together.

Why it matters
    Only a little space. It tells that a deletion was cut short, or that the record was lost: then the layer's own
    directory is there too, and other rules say so.

How sure
    High when all layer records were read.

Remedy
    Nothing: the engine's garbage collection may remove it. Keep it if the layer's record is to be restored.

Engine source
    containers/storage layers.go: deleteInternal, tspath.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.digests import HEX_ID


@rule(
    "TSP-013",
    severity=INFO,
    needs=(Need.ALL_LAYER_RECORDS, Need.LAYER_DATA),
    says="{what} of layer {layer} is left over: the layer has no record",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look up the layer of every tar-split and data directory."""
    store = view.store
    left = [(layer_id, "tar-split", file.path) for layer_id, file in sorted(store.tar_splits.items())]
    left += [
        (name, "layer data", store.part_path("layers", name))
        for name in sorted(store.layer_files)
        if HEX_ID.fullmatch(name)
    ]
    for layer_id, what, path in left:
        if layer_id in view.rel.layers:
            continue
        yield this.found(
            view.layer(layer_id, path),
            [(Where(path), "a record of its layer", "no layer record has this id")],
            variant=what,
            layer=layer_id,
            layers=[layer_id],
            what=what,
        )
