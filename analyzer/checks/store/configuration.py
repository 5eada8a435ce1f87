"""What the captured configuration says of graph drivers and graph roots.

No rule of its own: shared by the rules that compare the store with `storage.conf` and `crio.conf`.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from analyzer.checks.store_view import StoreView
from analyzer.snapshot.gojson import as_text
from analyzer.snapshot.grouping import HOME
from analyzer.snapshot.node.toml import read_toml

STORAGE = re.compile(r"(?:^|/)(?:etc|usr/share)/containers/storage\.conf$|^storage\.conf$")
CRIO = re.compile(r"(?:^|/)etc/crio/crio\.conf(?:\.d/[^/]+)?$|^crio\.conf$")


class Configured(NamedTuple):
    """A graph driver as configured: for which engine, in which file, for which graph root (`""` where not said)."""

    engine: str
    path: str
    driver: str
    root: str


def configured_drivers(view: StoreView) -> list[Configured]:
    """Return the driver each engine is told to use for this store; empty where the bundle doesn't say.

    A rootless store is left out, since the system's files need not be its own.
    """
    store = view.store
    if HOME.search(store.root):
        return []
    found = [each for each in (_storage(view), _crio(view)) if each is not None]
    return [each for each in found if _same_root(each.root, store.root)]


def _tables(view: StoreView, pattern: re.Pattern[str]) -> list[tuple[str, dict[str, Any]]]:
    read = [(path, *read_toml(text)) for path, text in view.snapshot.host.texts() if pattern.search(path)]
    return [(path, table) for path, table, error in read if not error]


def _storage(view: StoreView) -> Configured | None:
    """Return what `storage.conf` says: the file in /etc replaces the one in /usr/share."""
    tables = sorted(_tables(view, STORAGE), key=lambda pair: "usr/share/" in pair[0])
    if not tables:
        return None
    path, table = tables[0]
    storage = table.get("storage")
    if not isinstance(storage, dict):
        return None
    return _configured("podman", path, storage.get("driver"), storage.get("graphroot"))


def _crio(view: StoreView) -> Configured | None:
    """Return what CRI-O's own files say: later drop-ins win; without a driver there, storage.conf holds."""
    path, driver, root = "", None, None
    for each, table in sorted(_tables(view, CRIO), key=lambda pair: ("crio.conf.d/" in pair[0], pair[0])):
        crio = table.get("crio")
        if isinstance(crio, dict):
            root = crio.get("root") or root
            if crio.get("storage_driver"):
                path, driver = each, crio["storage_driver"]
    return _configured("cri-o", path, driver, root)


def _configured(engine: str, path: str, driver: Any, root: Any) -> Configured | None:
    if not isinstance(driver, str) or not driver:
        return None
    return Configured(engine, path, "overlay" if driver == "overlay2" else driver, as_text(root))


def _same_root(configured: str, root: str) -> bool:
    """Tell whether a configured graph root may be the captured one, whose path may have lost its beginning."""
    path, root = configured.strip("/"), root.strip("/")
    return not path or not root or path == root or path.endswith("/" + root) or root.endswith("/" + path)
