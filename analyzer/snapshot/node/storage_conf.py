"""storage.conf: every key, for whom the file holds, and which of several counts.

/etc/containers/storage.conf replaces /usr/share/containers/storage.conf as a whole. A user's own file
(~/.config/containers/storage.conf) replaces both for that user; without one, root's file gives a rootless store its
driver options, but neither its graph root nor its run root. Keys: containers/storage types/options.go,
pkg/config/config.go, docs/containers-storage.conf.5.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from analyzer.snapshot.gojson import as_object, as_text
from analyzer.snapshot.node.toml import read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.snapshot.host import Host

FILE = re.compile(r"(?:^|/)storage\.conf$")
SHIPPED = re.compile(r"(?:^|/)usr/share/containers/storage\.conf$")
USERS = re.compile(r"(?:^|/)((?:home/[^/]+|root|[^/]+)/)?\.config/containers/storage\.conf$")
DRIVERS = ("overlay", "overlay2", "vfs", "btrfs", "zfs", "aufs", "devmapper", "devicemapper")
ROOTLESS_TAIL = ".local/share/containers/storage"


class StorageConf(Struct, frozen=True):
    """One storage.conf.

    Attributes:
        path: member path.
        user: whose file it is: a home directory's path without slashes at its ends, `""` for the system's.
        shipped: the file of the distribution, which holds where there is no other.
        error: why it does not parse; engines refuse to start then.
        storage: table `[storage]`.
        options: table `[storage.options]`, driver tables included.
    """

    path: str
    user: str = ""
    shipped: bool = False
    error: str = ""
    storage: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def text(self, key: str) -> str:
        """Return a key of `[storage]` that holds text, `""` where it is not set."""
        return as_text(self.storage.get(key))

    @property
    def driver(self) -> str:
        """Return the driver under the name that is on disk: `overlay2` is `overlay`."""
        driver = self.text("driver")
        return "overlay" if driver == "overlay2" else driver

    @property
    def graph_root(self) -> str:
        """Return `graphroot`, `""` where it is not set."""
        return self.text("graphroot")

    @property
    def run_root(self) -> str:
        """Return `runroot`, `""` where it is not set."""
        return self.text("runroot")

    @property
    def transient(self) -> bool:
        """Tell whether containers are to be forgotten at boot."""
        return self.storage.get("transient_store") is True

    @property
    def image_store(self) -> str:
        """Return the split image store, `""` without one."""
        return as_text(self.storage.get("imagestore") or self.options.get("imagestore"))

    @property
    def additional_stores(self) -> tuple[str, ...]:
        """Return the read-only image stores in the engine's order."""
        found: list[str] = []
        for table in (self.storage, self.options):
            value = table.get("additionalimagestores")
            if isinstance(value, list):
                found += [path for path in value if isinstance(path, str) and path]
        return tuple(dict.fromkeys(found))

    def option(self, name: str, driver: str = "") -> str:
        """Return an option of a driver: from its own table, else from the common one; `""` where neither has it."""
        table = self.options.get(driver or self.driver)
        for each in (as_object(table), self.options):
            value = each.get(name)
            if value not in (None, ""):
                return str(value).lower() if isinstance(value, bool) else str(value)
        return ""

    def driver_tables(self) -> tuple[str, ...]:
        """Return the drivers that have a table of options with something in it, sorted."""
        return tuple(
            sorted(
                name for name, table in self.options.items() if name in DRIVERS and isinstance(table, dict) and table
            )
        )


def storage_confs(host: Host) -> list[StorageConf]:
    """Return every captured storage.conf in path order."""
    return [_read(path, text) for path, text in host.texts() if FILE.search(path)]


def conf_for(root: str, confs: list[StorageConf]) -> StorageConf | None:
    """Return the file that holds for a graph root (member path), None where the bundle has none."""
    rootless = is_rootless(root)
    own = [conf for conf in confs if conf.user and _is_of(conf.user, root)]
    if own and (rootless or not conf_system(confs)):
        return own[0]
    if rootless:
        return None
    return conf_system(confs)


def conf_system(confs: list[StorageConf]) -> StorageConf | None:
    """Return root's file: the one in /etc, else the one of the distribution."""
    return min((conf for conf in confs if not conf.user), key=lambda conf: (conf.shipped, conf.path), default=None)


def is_rootless(root: str) -> bool:
    """Tell whether a graph root lies where a user's own store does."""
    return root == ROOTLESS_TAIL or root.endswith("/" + ROOTLESS_TAIL)


def _is_of(home: str, root: str) -> bool:
    place = root.removesuffix(ROOTLESS_TAIL).strip("/")
    return bool(place) and (place == home or place.endswith("/" + home) or home.endswith("/" + place))


def _read(path: str, text: str) -> StorageConf:
    match = USERS.search(path)
    user = path[: match.end()].removesuffix("/.config/containers/storage.conf").strip("./") if match else ""
    shipped = SHIPPED.search(path) is not None
    top, error = read_toml(text)
    if error:
        return StorageConf(path, user, shipped, error)
    storage = top.get("storage")
    if not isinstance(storage, dict):
        return StorageConf(path, user, shipped)
    options = storage.get("options")
    return StorageConf(path, user, shipped, "", storage, as_object(options))
