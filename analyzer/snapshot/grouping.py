"""Which stores one engine uses together, and in which role.

A graph root may have a split image store and read-only additional stores beside it. Their roles are told by
configuration where the bundle has it, else by who refers to whom: a store whose layers another one names as parents
serves that other one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.snapshot.gojson import as_object
from analyzer.snapshot.node.toml import read_toml
from analyzer.snapshot.store import ADDITIONAL, GRAPH_ROOT, IMAGE_STORE

if TYPE_CHECKING:
    from analyzer.snapshot.host import Host
    from analyzer.snapshot.store import Store

HOME = re.compile(r"(?:^|/)\.local/share/containers/storage$")


def group_stores(stores: list[Store], host: Host) -> None:
    """Set `role` and `group` of every store in place."""
    configured = configured_stores(host)
    roots = _graph_roots(stores, configured)
    for number, root in enumerate(roots):
        root.role, root.group = GRAPH_ROOT, number
    for store in (s for s in stores if s not in roots):
        owner = next((root for root in roots if _refers(root, store)), roots[0])
        store.group = owner.group
        store.role = _side_role(store, owner, configured)


def configured_stores(host: Host) -> dict[str, list[str]]:
    """Return `imagestore` and `additionalimagestores` paths of the captured storage.conf files."""
    found: dict[str, list[str]] = {"imagestore": [], "additionalimagestores": []}
    for path, text in host.texts():
        if not path.rpartition("/")[2].startswith("storage"):
            continue
        options = read_toml(text)[0].get("storage")
        if not isinstance(options, dict):
            continue
        inner = options.get("options")
        for table in (options, as_object(inner)):
            one, many = table.get("imagestore"), table.get("additionalimagestores")
            if isinstance(one, str) and one:
                found["imagestore"].append(one)
            if isinstance(many, list):
                found["additionalimagestores"].extend(p for p in many if isinstance(p, str))
    return found


def _graph_roots(stores: list[Store], configured: dict[str, list[str]]) -> list[Store]:
    """Return the stores that are graph roots of their own; never empty."""
    side = [
        store
        for store in stores
        if not store.containers
        and not HOME.search(store.root)
        and (
            _matches(store, configured["additionalimagestores"] + configured["imagestore"])
            or any(_refers(other, store) for other in stores if other is not store)
        )
    ]
    return [store for store in stores if store not in side] or stores[:1]


def _matches(store: Store, paths: list[str]) -> bool:
    return any(lies_at(path, store.root) for path in paths)


def lies_at(path: str, root: str) -> bool:
    """Tell whether a configured path of the node may be the graph root `root` of the bundle."""
    return bool(root) and (path.strip("/") == root or path.rstrip("/").endswith("/" + root))


def _refers(user: Store, served: Store) -> bool:
    """Tell whether `user` names layers or images that it lacks and `served` has."""
    if user.driver != served.driver:
        return False
    own = {layer.id for layer in user.layers}
    wanted = {layer.parent for layer in user.layers if layer.parent}
    wanted |= {image.layer for image in user.images if image.layer}
    if (wanted - own) & {layer.id for layer in served.layers}:
        return True
    images = {container.image for container in user.containers} - {image.id for image in user.images}
    return bool(images & {image.id for image in served.images})


def _side_role(store: Store, owner: Store, configured: dict[str, list[str]]) -> str:
    if _matches(store, configured["imagestore"]):
        return IMAGE_STORE
    if _matches(store, configured["additionalimagestores"]):
        return ADDITIONAL
    borrowed = {layer.id for layer in store.layers} & set(owner.tar_splits)
    return IMAGE_STORE if borrowed and not store.tar_splits else ADDITIONAL
