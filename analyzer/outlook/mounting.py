"""Whether the overlay driver can mount a layer, links that it makes again by itself included.

Mirrors containers/storage drivers/overlay/overlay.go (Get, getLowerDirs, recreateSymlinks).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.snapshot.overlay import link_target, lower_ids, text_of

if TYPE_CHECKING:
    from analyzer.checks.view import View
    from analyzer.outlook.loaded import Loaded
    from analyzer.snapshot.overlay import LayerDirectory
    from analyzer.snapshot.store import Store


@dataclass(slots=True)
class Mounts:
    """Answers for the layers of one driver home.

    Attributes:
        directories: layer directories by name, those of other stores after those of the graph root.
        by_link: layer names by the text of their `link`.
        links: targets by short link.
        mends: whether the driver can make missing short links again.
        native: whether the driver is overlay; others mount what has a directory.
    """

    directories: dict[str, LayerDirectory]
    parents: dict[str, str]
    by_link: dict[str, str]
    links: dict[str, str]
    mends: bool
    native: bool
    _resolved: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, state: Loaded, view: View) -> Mounts | None:
        """Return the answers for a view's stores, None when the bundle lists no layer directories."""
        stores = view.rel.stores
        home = stores[0].home
        directories = {name: entry for name, entry in home.layers.items() if name in state.directories}
        if not view.snapshot.complete or not any(entry.has_diff for entry in home.layers.values()):
            return None
        for store in stores[1:]:
            for name, entry in store.home.layers.items():
                directories.setdefault(name, entry)
        links: dict[str, str] = {}
        for store in stores:
            for name, member in store.home.links.items():
                links.setdefault(name, link_target(member))
        by_link = {entry.link_id: name for name, entry in directories.items() if entry.link_id}
        parents = {layer_id: layer.parent for layer_id, layer in state.layers.items()}
        native = stores[0].driver == "overlay"
        return cls(directories, parents, by_link, links, _mends(state, stores[0]), native)

    def works(self, layer_id: str) -> bool:
        """Tell whether a layer can be mounted."""
        directory = self.directories.get(layer_id)
        if directory is None or not directory.has_diff:
            return False
        if not self.native:
            return True
        text = text_of(directory.lower)
        if directory.lower is not None and text is None:
            return True
        if not text:
            return "empty" in directory.entries or not self.parents.get(layer_id)
        lowers = lower_ids(text)
        return lowers is not None and all(map(self._resolves, lowers))

    def _resolves(self, link: str) -> bool:
        found = self._resolved.get(link)
        if found is None:
            target = self.links.get(link, "")
            found = self._there(target) or (self.mends and self._there(self.by_link.get(link, "")))
            self._resolved[link] = found
        return found

    def _there(self, layer_id: str) -> bool:
        directory = self.directories.get(layer_id)
        return directory is not None and directory.has_diff


def _mends(state: Loaded, store: Store) -> bool:
    """Tell whether making short links again succeeds: one directory without `link`, or one dangling link, stops it."""
    home = store.home
    if any(home.layers[name].link is None for name in state.directories if name in home.layers):
        return False
    return all(not (target := link_target(member)) or target in state.directories for member in home.links.values())
