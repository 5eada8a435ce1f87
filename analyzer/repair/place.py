"""Where a store of the bundle lies on the node, and whose it is."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.snapshot.grouping import configured_stores, lies_at

if TYPE_CHECKING:
    from analyzer.snapshot.snapshot import Snapshot
    from analyzer.snapshot.store import Store

DEFAULT_ROOT = "/var/lib/containers/storage"
TOPS = frozenset({"var", "home", "root", "data", "mnt", "srv", "opt", "run", "usr", "tmp", "media"})
ROOTLESS = re.compile(r"/\.local/share/containers/|^/home/|^/run/user/")


@dataclass(frozen=True, slots=True)
class Place:
    """A graph root on the node.

    Attributes:
        path: absolute path.
        source: what tells it; `""` where it is only the engines' default.
        rootless: whether a user other than root owns it.
    """

    path: str
    source: str
    rootless: bool


def place_of(snapshot: Snapshot, store: Store) -> Place:
    """Return where a store lies on the node."""
    path, source = _path(snapshot, store)
    owner = store.home.member.uid if store.home.member else 0
    return Place(path, source, bool(ROOTLESS.search(path)) or (not source and owner != 0))


def _path(snapshot: Snapshot, store: Store) -> tuple[str, str]:
    configured = configured_stores(snapshot.host)
    for path in (*configured["additionalimagestores"], *configured["imagestore"], *_graph_roots(snapshot)):
        if lies_at(path, store.root):
            return path.rstrip("/"), "storage.conf"
    if store.root.partition("/")[0] in TOPS and "/" in store.root:
        return "/" + store.root, "the path inside the bundle"
    graph = _graph_roots(snapshot)
    if store.role == "graph-root" and len(graph) == 1:
        return graph[0].rstrip("/"), "storage.conf"
    if store.role == "graph-root" or not store.root:
        return DEFAULT_ROOT, ""
    return f"{DEFAULT_ROOT.rpartition('/')[0]}/{store.root.rpartition('/')[2]}", ""


def _graph_roots(snapshot: Snapshot) -> list[str]:
    found = []
    for path, text in snapshot.host.texts():
        if path.rpartition("/")[2] == "storage.conf":
            try:
                root = tomllib.loads(text).get("storage", {}).get("graphroot")
            except (ValueError, AttributeError, RecursionError):
                continue
            if isinstance(root, str) and root.startswith("/"):
                found.append(root)
    return list(dict.fromkeys(found))
