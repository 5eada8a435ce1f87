"""Composefs layer has no metadata blob.

What it finds
    A layer with a `composefs-data` directory whose `composefs.blob` is missing or has 0 bytes; or a layer whose big
    data says that its files are stored flat (format 1), without `composefs-data`.

Why it matters
    The files of such a layer lie below `diff` under their digests; names, modes and owners are in the blob alone.
    Without it the layer cannot be mounted.

How sure
    High: the layer's other entries are in the bundle. An empty blob is the mark of a power cut.

Remedy
    Remove the images that need the layer by id and pull them again.

Engine source
    containers/storage drivers/overlay/composefs.go: generateComposeFsBlob, openComposefsMount.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.bigdata import file_name
from analyzer.snapshot.overlay import LayerDirectory
from analyzer.snapshot.salvage import load_object

LAYER_DATA = file_name("zstd-chunked-layer-data")
FLAT = 1


@rule(
    "OVL-021",
    severity=ERROR,
    needs=(Need.OVERLAY, Need.LAYER_RECORDS),
    says="{path} of composefs layer {layer} is {seen}; needed by {needed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look at the blob of every composefs layer that has a record."""
    any_data = any("composefs-data" in directory.entries for directory in view.store.home.layers.values())
    for directory in view.store.home.layers.values():
        record = view.rel.layers.get(directory.name)
        seen = _seen(directory, flat=any_data and _stored_flat(view, directory.name))
        if record is None or record.incomplete or not seen:
            continue
        path = f"{directory.path}/composefs-data/composefs.blob"
        yield this.found(
            view.layer(directory.name, directory.path),
            [(Where(path), "a file with the layer's metadata", seen)],
            **users_of(view, [directory.name]).facts,
            path=path,
            seen=seen,
            unsynced=seen.startswith("empty"),
        )


def _seen(directory: LayerDirectory, *, flat: bool) -> str:
    blob = directory.composefs_blob
    if blob is None:
        return "missing" if flat or "composefs-data" in directory.entries else ""
    return "empty (0 bytes)" if blob.size == 0 else ""


def _stored_flat(view: StoreView, layer_id: str) -> bool:
    """Tell whether the layer's big data says that its files lie under their digests."""
    for store in view.rel.stores:
        file = store.layer_files.get(layer_id, {}).get(LAYER_DATA)
        if file is not None and file.data is not None:
            value, _ = load_object(file.data)
            return isinstance(value, dict) and value.get("format") == FLAT
    return False
