"""The `link` file of a layer holds exactly a link id.

What it finds
    A layer directory whose `link` is missing, empty, NUL-filled, or anything but 26 characters of `A-Z2-7`.

Why it matters
    The driver finds a layer's short symlink through this text. With an *empty* file, removing the layer computes
    `overlay/l/` + nothing and deletes the whole `overlay/l`: all short links of all layers. Restore the text before
    any command that may remove a layer.

How sure
    High: the text is in the bundle. An empty or NUL-filled file is the mark of a power cut, because the engine writes
    it without fsync.

Remedy
    With the engines stopped, write the id back without a newline. It is the name of the symlink in `overlay/l` that
    points to this layer, or the first element of a child's `lower`.

Engine source
    containers/storage drivers/overlay/overlay.go: create, getLower, removeCommon, recreateSymlinks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.checks.evidence import Need
from analyzer.checks.finding import CRITICAL, ERROR, Finding
from analyzer.checks.rule import Rule, rule
from analyzer.snapshot.overlay import link_target, text_of
from analyzer.snapshot.provenance import Where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.checks.view import View
    from analyzer.snapshot.overlay import LayerDirectory

EXPECTED = "26 characters of A-Z2-7, no newline"


@rule(
    "OVL-001",
    severity=ERROR,
    needs=(Need.OVERLAY, Need.LAYER_RECORDS),
    says="link of layer {layer} is {seen}; it should hold {expected}",
)
def check(view: View, this: Rule) -> Iterator[Finding]:
    """Judge the link text of every layer directory that has a record."""
    home = view.store.home
    if not any(directory.link for directory in home.layers.values()):
        return
    for directory in home.layers.values():
        if directory.name not in view.rel.layers or directory.link_id:
            continue
        file = directory.link
        if file is not None and file.data is None and file.reason.startswith("cut"):
            continue
        seen = _seen(directory)
        known = known_link(view, directory.name)
        yield this.found(
            view.layer(directory.name),
            [(file.where if file else Where(f"{directory.path}/link"), known or EXPECTED, seen)],
            severity=CRITICAL if file is not None and file.data == b"" else ERROR,
            layer=directory.name,
            seen=seen,
            expected=f"`{known}`" if known else EXPECTED,
            known=known,
            unsynced=file is not None and (file.data == b"" or file.zeroed),
        )


def _seen(directory: LayerDirectory) -> str:
    file = directory.link
    if file is None:
        return "missing"
    if file.data == b"":
        return "empty (0 bytes)"
    if file.zeroed:
        return f"{file.member.size} NUL bytes"
    text = text_of(file)
    return repr(text) if text is not None else file.reason


def known_link(view: View, layer_id: str) -> str:
    """Return the link id that other evidence gives for a layer: its symlink in `l/`, else a child's `lower`."""
    for name, member in sorted(view.store.home.links.items()):
        if link_target(member) == layer_id:
            return name
    for child in view.rel.children.get(layer_id, ()):
        directory = view.rel.directory(child)
        text = text_of(directory.lower) if directory else None
        first = (text or "").partition(":")[0].removeprefix("l/")
        if first:
            return first
    return ""
