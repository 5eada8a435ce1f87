"""Whether the driver can recreate short links by itself at the next mount (drivers/overlay, recreateSymlinks).

It works in the graph root's own home only, and gives up when any directory there has no `link` file or any symlink
of `l` leads to a directory that is gone.
"""

from __future__ import annotations

from analyzer.capture.answer import NotCaptured, Removed
from analyzer.checks.store_view import StoreView
from analyzer.snapshot.overlay import link_target
from analyzer.snapshot.store import GRAPH_ROOT


def self_repair_fails(view: StoreView) -> str:
    """Return why the driver's own repair of links would fail in this store, `""` when nothing stands in its way."""
    home = view.store.home
    if view.store.role != GRAPH_ROOT:
        return f"the driver repairs links only in the graph root, not in the {view.store.role} {view.store.root}"
    lacking = [directory for _, directory in sorted(home.layers.items()) if directory.link is None]
    answers = view.capture.lacking(view.store, "link", lacking) if lacking else {}
    for directory in lacking:
        if isinstance(answers[directory.name], Removed):
            return f"{directory.path} has no link file"
    for name, member in sorted(home.links.items()):
        target = link_target(member)
        gone = target and target not in home.layers
        if gone and not isinstance(view.capture.layer_directory(view.store, target), NotCaptured):
            return f"{member.path} leads to {home.path}/{target}, which is gone"
        if not target:
            return f"{home.path}/l/{name} is no symlink of the form ../<layer>/diff"
    return ""


def links_to_repair(view: StoreView) -> bool:
    """Tell whether any layer of the store lacks its symlink, so that the next mount on it starts the repair."""
    home = view.store.home
    return any(directory.link_id and directory.link_id not in home.links for directory in home.layers.values())
