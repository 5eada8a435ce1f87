"""The file tree that `ls` and `cat` look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from analyzer.cli.messages import say
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.cli.session import Opened
    from analyzer.graph.find import FoundObject
    from analyzer.graph.merged import Merged

own_option = click.option("--own", is_flag=True, help="Only what the layer itself holds, not what lies below it.")


class TreeView(NamedTuple):
    """A tree, the object it belongs to, and what the user should know about it (`""` for nothing)."""

    found: FoundObject
    tree: Merged
    remark: str


def named(opened: Opened, word: str) -> FoundObject | None:
    """Return the object a word names, None where it is a path inside the bundle or nothing at all."""
    candidates = opened.candidates(word)
    if not candidates or any(found.how == "path" for found in candidates):
        return None
    return opened.find(word)


def view(opened: Opened, found: FoundObject, *, own: bool) -> TreeView:
    """Return the tree of a layer, of an image's top layer or of a container.

    Raises:
        UsageError: the object has no layer, or the bundle no contents.
    """
    from analyzer.graph.merged import merged_view, stack_of

    if not opened.snapshot.content_files:
        raise UsageError("it holds no contents of layers (a capture of records only)", where=opened.bundle)
    layer_id = _top(found)
    if not layer_id:
        raise UsageError(f"{found.kind} {found.id[:12]} has no layer", where=opened.bundle)
    stack = stack_of(found.rel, layer_id)
    layers = stack.layers[:1] if own else stack.layers
    tree = merged_view(found.rel, layers)
    remarks = [f"layers taken from the recorded parents: {stack.why}"] if stack.why and not own else []
    if tree.unseen:
        short = ", ".join(i[:12] for i in tree.unseen[:3]) + (", …" if len(tree.unseen) > 3 else "")
        empty = [i for i in tree.unseen if found.rel.directory(i) is None]
        if empty:
            gone = "gone from the store" if opened.snapshot.complete else "not in the bundle"
            remarks.append(f"{gone}, so the view lacks their files: {short}")
    return TreeView(found, tree, "; ".join(remarks))


def _top(found: FoundObject) -> str:
    if found.kind == "layer":
        return found.id
    if found.kind == "image":
        image = found.rel.images.get(found.id)
        return image.layer if image else ""
    container = found.rel.containers.get(found.id)
    return container.layer if container else ""


def remark(text: str) -> None:
    """Tell something beside the result, on standard error."""
    if text:
        say("warning", text)
