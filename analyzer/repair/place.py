"""Where the stores of a bundle lie on the node, and under whose name their engines run."""

from __future__ import annotations

import re

from msgspec import Struct

from analyzer.snapshot.grouping import configured_stores, lies_at
from analyzer.snapshot.node.placement import place_of
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.snapshot.store import GRAPH_ROOT, Store

ROOTLESS = re.compile(r"^/(?:home|root)/(?:[^/]+/)?\.local/share/")
SAFE = re.compile(r"/[A-Za-z0-9/._+@-]+")


class Place(Struct, frozen=True):
    """A graph root on the node.

    Attributes:
        path: absolute path.
        source: what tells it; `""` where it is only the engines' default.
        rootless: whether a user other than root owns it.
    """

    path: str
    source: str
    rootless: bool


def places_of(snapshot: BundleSnapshot, stores: list[Store]) -> list[Place]:
    """Return where the stores of a group lie, the graph root first."""
    root = stores[0]
    whole_host = snapshot.bundle.layout == "host-root"
    found = place_of(root.root, snapshot.host, root.libpod, whole_host=whole_host)
    owner = root.home.member.uid if root.home.member else 0
    places = [Place(found.path, found.source, bool(ROOTLESS.match(found.path)) or (not found.known and owner != 0))]
    configured = configured_stores(snapshot.host)
    known = [*configured["additionalimagestores"], *configured["imagestore"]]
    for store in stores[1:]:
        told = next((path.rstrip("/") for path in known if lies_at(path, store.root)), "")
        if told:
            places.append(Place(told, "storage.conf", places[0].rootless))
            continue
        beside = place_of(store.root, snapshot.host, store.libpod, whole_host=whole_host)
        path, source = (beside.path, beside.source) if beside.known else (_beside(root, store, places[0].path), "")
        places.append(Place(path, source, places[0].rootless))
    return places


def _beside(root: Store, store: Store, path: str) -> str:
    """Return where a store lies if it stands to the graph root on the node as it does in the bundle."""
    below = store.root[len(root.root) :].lstrip("/") if root.root and store.root.startswith(root.root + "/") else ""
    if below:
        return f"{path}/{below}"
    return f"{path.rpartition('/')[0]}/{store.root.rpartition('/')[2]}" if store.role != GRAPH_ROOT else path
