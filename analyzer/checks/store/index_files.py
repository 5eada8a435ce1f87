"""Index files of a store, what each of them is for, and what lies beside it without a record.

No rule of its own: the rules of this group and of `containers` share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from analyzer.checks.finding import Subject
from analyzer.checks.store_view import StoreView
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.documents import Document
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.layers import LayerRecord

Record = LayerRecord | ImageRecord | ContainerRecord

INDEXES = (
    ("layers", "layers.json"),
    ("layers", "volatile-layers.json"),
    ("images", "images.json"),
    ("containers", "containers.json"),
    ("containers", "volatile-containers.json"),
)
SHOWN = 20
"""Places of evidence given for one finding."""


def documents(view: StoreView) -> Iterator[tuple[str, Document]]:
    """Yield (part, index file) of this store in the order in which the engine loads them."""
    for part, name in INDEXES:
        document = view.store.document(part, name)
        if document is not None:
            yield part, document


def records(view: StoreView) -> Iterator[tuple[str, Record]]:
    """Yield (kind, record) of every record of this store."""
    for layer in view.store.layers:
        yield "layer", layer
    for image in view.store.images:
        yield "image", image
    for container in view.store.containers:
        yield "container", container


def record_subject(kind: str, record: Record) -> Subject:
    """Return a record as a subject, at the index file that holds it: nothing is built from its id."""
    return Subject(kind, record.id, record.where.path, record.names)


def unrecorded(view: StoreView, part: str) -> set[str]:
    """Return ids whose data this store has although no store of the engine has a record for them."""
    store, rel = view.store, view.rel
    if part == "layers":
        names = {*store.home.layers, *store.tar_splits, *store.layer_files} - rel.layers.keys()
    elif part == "images":
        names = store.image_files.keys() - rel.images.keys()
    else:
        names = store.container_files.keys() - rel.containers.keys()
    return {name for name in names if HEX_ID.fullmatch(name)}


def driver_directories(view: StoreView, part: str, ids: set[str]) -> list[str]:
    """Return those of `ids` whose directory the engine's start-time garbage collection would remove, sorted."""
    store = view.store
    if part == "layers":
        return sorted(ids & store.home.layers.keys())
    return sorted(ids & (store.image_files if part == "images" else store.container_files).keys())


def listed(part: str, ids: Iterable[str]) -> dict[str, Any]:
    """Return ids as the fact that causes look them up by: `layers`, `images` or `containers`."""
    return {part: sorted(ids)}


def half_unseen(view: StoreView, part: str) -> bool:
    """Tell whether one of the two index files of `part` may exist without being in the bundle.

    True where the bundle lacks the stable or the volatile file and doesn't hold the lock beside it either: a capture of
    the whole directory has the lock.
    """
    if all(view.store.document(each, name) is not None for each, name in INDEXES if each == part):
        return False
    return not (view.snapshot.whole and f"{part}.lock" in view.store.locks)
