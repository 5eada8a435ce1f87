"""The file tree that an object shows: of a layer, of an image's top layer, of a container, with what it lacks."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.errors import UsageError
from analyzer.graph.find import CONTAINER, IMAGE, LAYER, FoundObject
from analyzer.graph.merged import Merged, MergedEntry, merged_view, stack_of
from analyzer.snapshot.snapshot import BundleSnapshot


class TreeView(NamedTuple):
    """A tree, the object it belongs to, and what the user should know about it (`""` for nothing)."""

    found: FoundObject
    tree: Merged
    remark: str


def tree_view(snapshot: BundleSnapshot, found: FoundObject, *, own: bool = False) -> TreeView:
    """Return the tree of an object.

    Args:
        snapshot: the bundle.
        found: a layer, an image or a container.
        own: only what its layer itself holds, not what lies below it.

    Raises:
        UsageError: the object has no layer, or the bundle no contents.
    """
    where = snapshot.bundle.path
    if not snapshot.content_files:
        raise UsageError("it holds no contents of layers (a capture of records only)", where=where)
    layer_id = _top(found)
    if not layer_id:
        raise UsageError(f"{found.kind} {found.id[:12]} has no layer", where=where)
    stack = stack_of(found.rel, layer_id)
    tree = merged_view(found.rel, stack.layers[:1] if own else stack.layers)
    remarks = [f"layers taken from the recorded parents: {stack.why}"] if stack.why and not own else []
    if tree.unseen:
        short = ", ".join(i[:12] for i in tree.unseen[:3]) + (", …" if len(tree.unseen) > 3 else "")
        if any(found.rel.directory(i) is None for i in tree.unseen):
            gone = "gone from the store" if snapshot.complete else "not in the bundle"
            remarks.append(f"{gone}, so the view lacks their files: {short}")
    return TreeView(found, tree, "; ".join(remarks))


def file_in(seen: TreeView, path: str, where: str) -> MergedEntry:
    """Return the entry that holds the content of a file of a tree, symbolic links followed.

    Raises:
        UsageError: there is no such path, or it is no file.
    """
    try:
        place = seen.tree.resolve(path)
    except RecursionError as error:
        raise UsageError(str(error), where=where) from error
    entry = seen.tree.get(place)
    if entry is None:
        raise UsageError(f"no {path!r} in {seen.found.kind} {seen.found.id[:12]}", where=where)
    held = seen.tree.content(entry)
    if held.entry.kind != "file":
        raise UsageError(f"{path!r} is a {held.entry.kind}, not a file", where=where)
    return held


def _top(found: FoundObject) -> str:
    if found.kind == LAYER:
        return found.id
    if found.kind == IMAGE:
        image = found.rel.images.get(found.id)
        return image.layer if image else ""
    container = found.rel.containers.get(found.id) if found.kind == CONTAINER else None
    return container.layer if container else ""
