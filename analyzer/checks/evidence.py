"""What a rule needs to have been seen. Where it was not, the rule is skipped and the reason is reported.

Absence is only evidence when the whole bundle was read: in a cut archive, what is missing may lie after the cut.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from analyzer.checks.store_view import StoreView
from analyzer.snapshot.snapshot import DEEP, QUICK


class Need(Enum):
    """Kinds of evidence; the value says it in words."""

    INDEX = "an index file of this store (layers.json, images.json, containers.json)"
    LAYER_RECORDS = "layer records of this store"
    ALL_LAYER_RECORDS = "layer records of every store the engine uses"
    IMAGE_RECORDS = "image records"
    ALL_IMAGE_RECORDS = "image records of every store the engine uses"
    CONTAINER_RECORDS = "container records"
    WHOLE_ARCHIVE = "the whole bundle"
    IMAGE_DATA = "a listing of the image data directories"
    CONTAINER_DATA = "a listing of the container data directories"
    LAYER_DATA = "a listing of the layer data (tar-split, big data)"
    OVERLAY = "a listing of the overlay directory"
    LINKS = "a listing of overlay/l"
    DIFF_LISTING = "a listing of the diff directories"
    CONTENT = "contents of layer files"
    REBUILT = "layers rebuilt from their tar-split"
    XATTRS = "extended attributes"
    LOCKS = "lock files"
    HOST = "files of the host outside the graph root"


def missing(need: Need, view: StoreView) -> str:
    """Return why `need` is not met for this store, `""` when it is."""
    return REASONS[need](view)


def _documents(view: StoreView, part: str, *, everywhere: bool) -> str:
    if (everywhere or part == "containers") and part != "images" and view.unseen_run_root:
        where = view.unseen_run_root
        return f"{where} says transient_store: the records of containers lie in the run root, not in the bundle"
    stores = view.rel.stores if everywhere else [view.store]
    seen = False
    for store in stores:
        for key, document in store.documents.items():
            if not key.startswith(part + "/"):
                continue
            seen = seen or not (everywhere and part == "layers" and key.startswith("layers/volatile-"))
            if document.cut or document.file.data is None:
                return f"{document.path} was not read: {document.file.reason}"
            if document.broken:
                return f"{document.path} is damaged"
            if document.empty and store.part_has_data(part) and not key.startswith(f"{part}/volatile"):
                return f"{document.path} is empty"
    if not seen:
        return f"the bundle has no {part}.json"
    for store in stores:
        named = any(key.startswith(part + "/") for key in store.documents)
        layered = part == "layers" and any(image.layer for image in store.images)
        if everywhere and not named and (layered or store.part_has_data(part)):
            return f"the bundle has no {part}.json of {store.root or 'the store'}"
    if everywhere and view.unseen_stores:
        return f"the store {view.unseen_stores[0]} named in storage.conf is not in the bundle"
    return ""


def _index(view: StoreView) -> str:
    return "" if view.store.documents else "the bundle has no index file of this store"


def _whole(view: StoreView) -> str:
    if not view.snapshot.archive_losses:
        return "the archive has no end mark: what is absent may have been cut off" if view.snapshot.open_end else ""
    loss = view.snapshot.archive_losses[0]
    return f"the bundle was not read whole ({loss.what}): what is absent may have been lost"


def _part(view: StoreView, part: str) -> str:
    if whole := _whole(view):
        return whole
    if not view.store.part_listed(part):
        return f"the bundle has no listing of {view.store.driver}-{part}"
    return ""


def _overlay(view: StoreView) -> str:
    if view.store.driver != "overlay":
        return f"the driver is {view.store.driver}"
    if whole := _whole(view):
        return whole
    home = view.store.home
    if home.layers or home.link_dir is not None or home.links:
        return ""
    return "the bundle has no layer directories"


def _links(view: StoreView) -> str:
    if reason := _overlay(view):
        return reason
    home = view.store.home
    return "" if home.links or home.link_dir is not None else "the bundle has no overlay/l"


def _diffs(view: StoreView) -> str:
    if whole := _whole(view):
        return whole
    if any(layer.has_diff for layer in view.store.home.layers.values()):
        return ""
    return "the bundle has no diff directories"


def _content(view: StoreView) -> str:
    if view.snapshot.depth == QUICK:
        return "depth quick reads no contents"
    return "" if view.snapshot.content_files else "the bundle has no diff content"


def _rebuilt(view: StoreView) -> str:
    if view.snapshot.depth != DEEP:
        return f"depth {view.snapshot.depth} rebuilds no layers"
    return "" if view.snapshot.rebuilt is not None else "the bundle can be read only once"


def _locks(view: StoreView) -> str:
    return "" if view.store.locks else "the bundle has no lock files"


REASONS: dict[Need, Callable[[StoreView], str]] = {
    Need.INDEX: _index,
    Need.LAYER_RECORDS: lambda view: _documents(view, "layers", everywhere=False),
    Need.ALL_LAYER_RECORDS: lambda view: _documents(view, "layers", everywhere=True),
    Need.IMAGE_RECORDS: lambda view: _documents(view, "images", everywhere=False),
    Need.ALL_IMAGE_RECORDS: lambda view: _documents(view, "images", everywhere=True),
    Need.CONTAINER_RECORDS: lambda view: _documents(view, "containers", everywhere=False),
    Need.WHOLE_ARCHIVE: _whole,
    Need.IMAGE_DATA: lambda view: _part(view, "images"),
    Need.CONTAINER_DATA: lambda view: _part(view, "containers"),
    Need.LAYER_DATA: lambda view: _part(view, "layers"),
    Need.OVERLAY: _overlay,
    Need.LINKS: _links,
    Need.DIFF_LISTING: _diffs,
    Need.CONTENT: _content,
    Need.REBUILT: _rebuilt,
    Need.XATTRS: lambda view: "" if view.snapshot.xattrs_seen else "the bundle has no extended attributes",
    Need.LOCKS: _locks,
    Need.HOST: lambda view: "" if view.snapshot.host.files else "the bundle has no files of the host",
}
