"""Place a graph for drawing: who needs something stands above it, siblings side by side, no box on another.

Every object has one thing it chiefly stands on (a layer its parent, an image its top layer, a container its layer), so
the drawing is a forest with its roots at the bottom; other edges are drawn across it. Linear in nodes and edges.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx as nx

    Graph = nx.DiGraph[Any]

CHIEF = ("parent", "top-layer", "layer", "mapped-layer", "image", "lower")
"""Kinds of edge, the one that decides a node's place first."""


@dataclass(slots=True)
class Layout:
    """Places in units of one box: column (0 = left) and row (0 = top), and the size of the whole."""

    at: dict[Any, tuple[float, int]] = field(default_factory=dict)
    columns: float = 0
    rows: int = 0


def lay_out(graph: Graph) -> Layout:
    """Return where each node stands; the same graph gives the same places."""
    support = _supports(graph)
    users: dict[Any, list[Any]] = {node: [] for node in graph}
    roots = []
    for node in sorted(graph, key=_key(graph)):
        if node in support:
            users[support[node]].append(node)
        else:
            roots.append(node)
    levels = _levels(roots, users)
    layout = Layout(rows=1 + max(levels.values(), default=-1))
    column = 0.0
    for node in _leaves_first(roots, users):
        above = users[node]
        if above:
            place = (layout.at[above[0]][0] + layout.at[above[-1]][0]) / 2
        else:
            place, column = column, column + 1
        layout.at[node] = (place, layout.rows - 1 - levels[node])
    layout.columns = max(column, 1.0)
    return layout


def _key(graph: Graph) -> Any:
    return lambda node: (graph.nodes[node].get("kind", ""), graph.nodes[node].get("name", ""), str(node))


def _supports(graph: Graph) -> dict[Any, Any]:
    """Return what each node chiefly stands on; the edge that would close a circle is left out."""
    support: dict[Any, Any] = {}
    foot: dict[Any, Any] = {}
    for node in graph:
        best = min(
            (
                (CHIEF.index(kind), str(used), used)
                for used in graph.successors(node)
                for kind in _kinds(graph, node, used)
            ),
            default=None,
        )
        if best is not None and _foot(foot, best[2]) != node:
            support[node] = foot[node] = best[2]
    return support


def _kinds(graph: Graph, user: Any, used: Any) -> list[str]:
    return [kind for kind in graph.edges[user, used]["kinds"] if kind in CHIEF]


def _foot(foot: dict[Any, Any], node: Any) -> Any:
    """Return what a node stands on at the very bottom, shortening the way for the next time."""
    path = []
    while node in foot:
        path.append(node)
        node = foot[node]
    foot.update(dict.fromkeys(path, node))
    return node


def _levels(roots: list[Any], users: dict[Any, list[Any]]) -> dict[Any, int]:
    levels = dict.fromkeys(roots, 0)
    todo = list(roots)
    while todo:
        node = todo.pop()
        for user in users[node]:
            levels[user] = levels[node] + 1
            todo.append(user)
    return levels


def _leaves_first(roots: list[Any], users: dict[Any, list[Any]]) -> list[Any]:
    """Return every node after all that stand on it, left to right."""
    order: list[Any] = []
    todo = list(reversed(roots))
    while todo:
        node = todo.pop()
        order.append(node)
        todo.extend(users[node])
    return order[::-1]
