"""Index file is empty or missing although the objects it should list exist.

What it finds
    A `layers.json`, `images.json` or `containers.json`, or a `volatile-` twin of them, that has 0 bytes, or that is
    absent from a directory which was captured with everything else, while there are layer directories, tar-splits,
    image or container data without a record, or records that name what the file should hold.

Why it matters
    The engine takes an empty or absent file for an empty list, without any message. An empty layers file makes every
    image fail with `layer not known`; an empty images file makes all images vanish. Then the next start of CRI-O
    (1.28 and newer), or `podman system prune --external`, *deletes the data* that no longer has a record. Nothing is
    lost yet in this bundle; the next start loses it. A `volatile-` file costs containers and their writable layers
    only.

How sure
    High for 0 bytes: the engine never writes that, not even for an empty list (`[]`). It is the mark of a power cut or
    of a full disk. An absent file is reported only where the bundle was read whole, holds the lock file beside it and
    at least one other index file, and shows data that only this file can account for. Stores that never had the file
    stay silent: `images.json` of a split store, `containers.json` of a transient store or of a node with CRI-O alone.

Remedy
    Start nothing: no kubelet, no CRI-O, no podman. Copy the graph root. `analyzer plan` writes the file again from
    the store: directories, `lower`, manifests, configs, tar-splits, podman's database. For a `volatile-` file
    alone: remove the containers it lost.

Engine source
    containers/storage layers.go, images.go, containers.go: load; store.go: GarbageCollect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzer.capture.answer import Removed
from analyzer.checks.absence import weigh
from analyzer.checks.rule import (
    CRITICAL,
    ERROR,
    HIGH,
    INFO,
    MEDIUM,
    WARNING,
    Finding,
    Findings,
    Need,
    Rule,
    StoreView,
    Where,
    rule,
)
from analyzer.checks.store.index_files import INDEXES, driver_directories, listed, unrecorded
from analyzer.snapshot.documents import Document
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.provenance import SmallFile

EMPTY_LIST = len("[]")
SEEN: Mapping[str, Any] = {}
"""Of a file that is in the bundle: its weight is the rule's own."""
HARMLESS = "{path} has 0 bytes, which the engine takes for an empty list; nothing in this store is missing from it"
UNKNOWN = "{path} has 0 bytes, which the engine never writes and takes for an empty list"


@rule(
    "STO-002",
    severity=CRITICAL,
    needs=(Need.INDEX,),
    says=(
        "{path} is {seen}: without any error the engine sees no {part}, although {missing} {part} have data or "
        "are named by other records; its next garbage collection deletes {directories:data directory}"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge every index file that the store has or should have."""
    for part, name in INDEXES:
        document = view.store.document(part, name)
        if document is not None and document.empty:
            yield _emptied(view, this, part, document)
        elif document is None:
            lost = lost_with_absent_file(view, part, name)
            aside = view.store.set_aside.get(name) or _unrenamed(view, name)
            answer = Removed(None, f"{aside.path} is there") if aside else view.capture.part(view.store, part)
            weight = weigh(answer, CRITICAL, f"{view.store.part_path(part, name)} is absent", MEDIUM)
            if lost and weight is not None:
                path = view.store.part_path(part, name)
                yield _finding(view, this, part, path, lost, seen="absent", weight=weight)


def _unrenamed(view: StoreView, name: str) -> SmallFile | None:
    """Return a temporary file that should have become an index: its renaming was lost, and the old one with it."""
    made = (file for file in view.store.temporaries if file.path.rpartition("/")[2].startswith(f".tmp-{name}"))
    return next((file for file in made if file.member.size > EMPTY_LIST), None)


def _emptied(view: StoreView, this: Rule, part: str, document: Document) -> Finding:
    name, path = document.name, document.path
    lost = named_without_record(view, part, volatile=name.startswith("volatile-"))
    if view.snapshot.whole or _all_indexes_seen(view, part):
        lost |= unrecorded(view, part)
    if name == "volatile-layers.json":
        lost -= view.store.tar_splits.keys() | view.store.layer_files.keys()
    if lost:
        return _finding(view, this, part, path, lost, seen="empty (0 bytes)")
    listed = view.store.part_listed(part) and view.snapshot.whole
    return this.found(
        view.file(path),
        [(Where(path), "a JSON array, `[]` at least", "0 bytes")],
        severity=INFO if listed or name.startswith("volatile-") else WARNING,
        variant="harmless",
        says=HARMLESS if listed else UNKNOWN,
        path=path,
        part=part,
        name=name,
        unsynced=True,
    )


def _finding(
    view: StoreView,
    this: Rule,
    part: str,
    path: str,
    lost: set[str],
    *,
    seen: str,
    weight: Mapping[str, Any] = SEEN,
) -> Finding:
    name = path.rpartition("/")[2]
    volatile = name.startswith("volatile-")
    directories = driver_directories(view, part, lost)
    absent = seen == "absent"
    told = dict(weight) or {"confidence": HIGH if view.snapshot.whole else MEDIUM, "severity": CRITICAL}
    if volatile and told["severity"] == CRITICAL:
        told["severity"] = ERROR
    return this.found(
        view.file(path),
        [(Where(path), f"a JSON array with {len(lost)} or more {part}", "no such file" if absent else "0 bytes")],
        path=path,
        part=part,
        name=name,
        volatile=volatile,
        seen=seen,
        absent=absent,
        unsynced=not absent,
        missing=len(lost),
        directories=len(directories),
        **listed(part, lost),
        **told,
    )


def _all_indexes_seen(view: StoreView, part: str) -> bool:
    return all(view.store.document(each, name) is not None for each, name in INDEXES if each == part)


def named_without_record(view: StoreView, part: str, *, volatile: bool) -> set[str]:
    """Return ids that other records of the store name and that have no record: they belong into this file."""
    store, rel = view.store, view.rel
    if part == "layers":
        wanted = {container.layer for container in store.containers if container.volatile == volatile}
        if not volatile:
            wanted.update(top for image in store.images for top in (image.layer, *image.mapped_layers))
        return wanted - rel.layers.keys() - {""}
    if part == "images":
        return {container.image for container in store.containers} - rel.images.keys() - {""}
    return set()


def lost_with_absent_file(view: StoreView, part: str, name: str) -> set[str]:
    """Return ids that only an absent file can account for; empty where its absence may be normal or not captured."""
    store = view.store
    if not view.snapshot.whole or f"{part}.lock" not in store.locks or view.unseen_stores:
        return set()
    siblings = (other.documents[key] for other in view.rel.stores for key in other.documents if key.startswith(part))
    if any(document.empty or document.broken for document in siblings):
        return set()
    return ABSENT[name](view)


def _layers_gone(view: StoreView) -> set[str]:
    store = view.store
    named = named_without_record(view, "layers", volatile=False) & store.home.layers.keys()
    return unrecorded(view, "layers") & (store.tar_splits.keys() | store.layer_files.keys() | named)


def _volatile_layers_gone(view: StoreView) -> set[str]:
    return named_without_record(view, "layers", volatile=True) & view.store.home.layers.keys()


def _images_gone(view: StoreView) -> set[str]:
    return unrecorded(view, "images")


def _containers_gone(view: StoreView) -> set[str]:
    """Return container directories, where a stable writable layer without an owner says that a record is gone."""
    return unrecorded(view, "containers") if ownerless_layers(view, volatile=False) else set()


def _volatile_containers_gone(view: StoreView) -> set[str]:
    return unrecorded(view, "containers") if ownerless_layers(view, volatile=True) else set()


def ownerless_layers(view: StoreView, *, volatile: bool) -> list[LayerRecord]:
    """Return the container layers that no container owns: no digest, no child, in no image."""
    rel = view.rel
    return [
        layer
        for layer in view.store.layers
        if layer.volatile == volatile
        and not (layer.diff_digest or layer.toc_digest or layer.incomplete)
        and layer.id not in rel.owner_of
        and layer.id not in rel.images_on
        and layer.id not in rel.children
    ]


ABSENT = {
    "layers.json": _layers_gone,
    "volatile-layers.json": _volatile_layers_gone,
    "images.json": _images_gone,
    "containers.json": _containers_gone,
    "volatile-containers.json": _volatile_containers_gone,
}
