"""The file system a graph root lies on, from the mount table a bundle may hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.snapshot.host import Host
    from analyzer.snapshot.store import Store

TABLES = re.compile(r"(?:^|/)(?:proc/mounts|sos_commands/filesys/mount[^/]*)$")
PROC = re.compile(r"^\S+ (/\S*) (\S+) \S+ \d+ \d+$")
DEFAULT_ROOT = "/var/lib/containers/storage"
ESCAPE = re.compile(r"\\([0-7]{3})")


def tell_backing(stores: list[Store], host: Host) -> None:
    """Set `backing_fs` of every store from the mount point that its path on the node lies below, in place."""
    mounts = [entry for path, text in host.texts() if TABLES.search(path) for entry in _mounts(text)]
    for store in stores:
        node_path = _node_path(store.root)
        below = [(len(point), fs) for point, fs in mounts if _is_below(node_path, point)]
        store.backing_fs = max(below)[1] if below else ""


def _mounts(text: str) -> Iterator[tuple[str, str]]:
    """Yield (mount point, type) of /proc/mounts lines or `mount` output."""
    for line in text.splitlines():
        if match := PROC.match(line):
            yield ESCAPE.sub(lambda octal: chr(int(octal.group(1), 8)), match.group(1)), match.group(2)
            continue
        where, _, what = line.rpartition(" type ")
        device, _, point = where.rpartition(" on /")
        kind, options, _ = what.partition(" (")
        if device and kind and options and " " not in kind:
            yield "/" + point, kind


def _node_path(root: str) -> str:
    """Return where a graph root lies on the node: bundles start at the host root, or hold the default graph root."""
    at = root.find("var/lib/")
    if at >= 0:
        return "/" + root[at:]
    return "/" + root if root.startswith(("home/", "root/")) else DEFAULT_ROOT


def _is_below(path: str, point: str) -> bool:
    return point in ("/", path) or path.startswith(point.rstrip("/") + "/")
