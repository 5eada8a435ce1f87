"""Which stores of a bundle lie on one node: it may hold directories of several, each captured in its own way."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from analyzer.snapshot.grouping import HOME
from analyzer.snapshot.store import GRAPH_ROOT, Store

PLACE = re.compile(r"(?:(.+?)/)?((?:var/lib/containers/)?storage)", re.DOTALL)
"""Where a graph root lies on a node, below whatever the bundle has above it."""
OF_USER = re.compile(r"(.+)/([^/]+/\.local/share/containers/storage)", re.DOTALL)
"""The same of a user's: users of one node have homes of different names."""


def nodes(stores: Iterable[Store]) -> list[str]:
    """Return the directories that hold one node each, where there are several: graph roots at one place below them."""
    found: dict[str, list[str]] = {}
    for store in stores:
        match = (OF_USER if HOME.search(store.root) else PLACE).fullmatch(store.root)
        if store.role == GRAPH_ROOT and match is not None:
            found.setdefault(match[2], []).append(match[1] or ".")
    return next((_apart(sorted(places)) for places in found.values() if len(places) > 1), [])


def on_one_node(stores: Sequence[Store], root: str) -> list[Store]:
    """Return the stores of a bundle that lie on the node of the one at a root: all, where the bundle has one node."""
    tops = nodes(stores)
    node = _node(tops, root)
    return [store for store in stores if _node(tops, store.root) == node]


def _apart(places: list[str]) -> list[str]:
    """Return paths without the parts that follow the first in which they differ; drivers share a place."""
    shared = len(os.path.commonpath(places).split("/")) if len({each.split("/")[0] for each in places}) == 1 else 0
    found = sorted({"/".join(each.split("/")[: shared + 1]) for each in places})
    return found if len(found) > 1 else []


def _node(tops: list[str], root: str) -> str:
    return max((top for top in tops if root.startswith(f"{top}/")), key=len, default="")
