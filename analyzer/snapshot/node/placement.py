"""Where a store of the bundle lies on its node: the path that commands for the node must name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from analyzer.snapshot.host import Host
from analyzer.snapshot.libpod.state import LibpodState
from analyzer.snapshot.node.storage_conf import conf_for, is_rootless, storage_confs

SYSTEM = "/var/lib/containers/storage"
USUAL = re.compile(r"(?:^|/)((?:var/lib|home/[^/]+/\.local/share|root/\.local/share)/containers/storage)$")


class Placement(NamedTuple):
    """An absolute path on the node, and what says so: a member path, `the path in the bundle`, or `""` for a guess."""

    path: str
    source: str

    @property
    def known(self) -> bool:
        """Tell whether something in the bundle says so."""
        return bool(self.source)


def place_of(root: str, host: Host, databases: Sequence[LibpodState] = (), *, whole_host: bool = False) -> Placement:
    """Return where a graph root lies on its node.

    In this order: the storage.conf that holds for it, where its path ends like the store's in the bundle; the bundle's
    own paths, where they begin at the root of the host or have one of the usual places in them; libpod's database,
    which keeps the path it was made with; a guess: the path in the bundle where it has several parts, else the usual
    place.

    Args:
        root: member path of the graph root, `""` where the bundle starts inside it.
        host: captured files of the host.
        databases: libpod databases of this graph root.
        whole_host: member paths are paths of the host.
    """
    root = root.strip("/")
    conf = conf_for(root, storage_confs(host))
    if conf is not None and not is_rootless(root) and same_tail(conf.graph_root, root):
        return Placement("/" + conf.graph_root.strip("/"), conf.path)
    if match := USUAL.search(root):
        return Placement("/" + match.group(1), "the path in the bundle")
    if whole_host and root:
        return Placement("/" + root, "the path in the bundle")
    for state in databases:
        if state.config.graph_root.startswith("/") and same_tail(state.config.graph_root, root):
            return Placement("/" + state.config.graph_root.strip("/"), state.path)
    return Placement("/" + root if "/" in root else SYSTEM, "")


def same_tail(path: str, root: str) -> bool:
    """Tell whether a path of the node may be the graph root of the bundle, which may have lost its beginning.

    A root of no or one component says too little to contradict.
    """
    path, root = path.strip("/"), root.strip("/")
    if not path:
        return False
    return not root or path == root or path.endswith("/" + root) or root.endswith("/" + path)
