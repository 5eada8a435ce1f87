"""Layer with a diff-digest has no tar-split.

What it finds
    A layer whose record has a `diff-digest`, and no `overlay-layers/<id>.tar-split.gz`, in a store that has
    tar-splits of other layers, or has the file under another ending (`gunzip` took `.gz` off). Layers of partial pulls
    (zstd:chunked, estargz) are left out: they may have none.

Why it matters
    Containers run. But the layer tar cannot be made again byte for byte, so `podman push`, `save` and `commit` make
    another digest, and `podman system check` reports `layer content incorrect digest`. Nothing is left to tell whether
    the layer's files were changed.

How sure
    High when the listing of `overlay-layers` is whole. Where no layer has its tar-split and the bundle has the far
    larger contents, they were removed, or a capture left them out: it is told, and left open. Silent where the capture
    took no contents either.

Remedy
    A file with another ending is packed with `gzip` and named as before. Else `analyzer plan` restores the tar-split
    from a new pull of the image; no image and no container is removed.

Engine source
    containers/storage layers.go: applyDiffWithOptions, diff; check.go: LayerDigests.
"""

from __future__ import annotations

from analyzer.capture.answer import Removed
from analyzer.checks.absence import weigh
from analyzer.checks.rule import ERROR, INFO, LOW, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.provenance import SmallFile
from analyzer.source.member import DIRECTORY

NONE = "{path} has the tar-split of none of the {count} layers that were unpacked from a tar: removed, or not captured"
CHUNKED = ("zstd-chunked-manifest", "zstd-chunked-layer-data")


@rule(
    "TSP-001",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS, Need.LAYER_DATA),
    says="layer {layer} has no tar-split: it can be neither checked nor pushed",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for the tar-split of every layer that was unpacked from a tar."""
    rel, store = view.rel, view.store
    placed = {layer_id: file for each in rel.stores for layer_id, file in each.tar_splits.items()}
    known = {layer_id for layer_id, file in placed.items() if file.member.kind != DIRECTORY}
    renamed = {layer_id: file for each in rel.stores for layer_id, file in each.renamed_splits.items()}
    if not known and not renamed:
        yield from _none_left(view, this)
        return
    for record in store.layers:
        own = bool(record.id) and rel.layer_store.get(record.id) is store
        if not own or record.id in known or not _has_one(record) or record.id in rel.mapped:
            continue
        other = renamed.get(record.id) or placed.get(record.id)
        answer = Removed(None, f"it is there as {other.path}") if other else view.capture.tar_split(store, record.id)
        weight = weigh(answer, ERROR, f"the tar-split of layer {record.id} is gone")
        if weight is None:
            continue
        where = Where(store.part_path("layers", f"{record.id}.tar-split.gz"))
        yield this.found(
            view.layer(record.id, where.path),
            [
                (where, "the tar-split of the layer", _seen(other)),
                (record.where, "no diff-digest, or a tar-split", f"diff-digest {record.diff_digest}"),
            ],
            layer=record.id,
            layers=[record.id],
            **weight,
        )


def _seen(other: SmallFile | None) -> str:
    """Return what is there instead of a tar-split, in words."""
    if other is None:
        return "missing"
    return "a directory" if other.member.kind == DIRECTORY else f"missing; it lies in {other.path}"


def _none_left(view: StoreView, this: Rule) -> Findings:
    """Leave open whether all tar-splits were removed, where the capture took the store whole to all appearance."""
    store = view.store
    count = sum(1 for record in store.layers if _has_one(record))
    if not count or not view.snapshot.content_files or "layers.lock" not in store.locks:
        return
    path = store.part_path("layers")
    yield this.found(
        view.file(path),
        [(Where(path), f"tar-splits of {count} layers", "none")],
        severity=INFO,
        confidence=LOW,
        variant="none",
        says=NONE,
        path=path,
        count=count,
        doubt=f"{path} has no tar-split of any layer: removed, or left out of the capture",
    )


def _has_one(record: LayerRecord) -> bool:
    partial = record.toc_digest or any(name in CHUNKED for name in record.big_data_names)
    return bool(record.diff_digest) and not partial and not record.incomplete
