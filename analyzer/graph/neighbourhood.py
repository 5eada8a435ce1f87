"""Cut a piece out of the graph: what lies around an object, within some steps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx as nx

    Graph = nx.DiGraph[Any]

STORE = "store"


def objects_only(graph: Graph) -> Graph:
    """Return the graph without its stores, to which everything is tied; each node keeps its `store` attribute."""
    kept: Graph = graph.subgraph([node for node in graph if graph.nodes[node]["kind"] != STORE])
    return kept


def around(graph: Graph, focus: Iterable[Any], depth: int | None) -> Graph:
    """Return what the focus needs and what needs it, within `depth` steps either way (None: however far).

    A step never turns round: an object that only shares a base with the focus is no neighbour.
    """
    start = [node for node in focus if node in graph]
    below, above = _reached(graph.successors, start, depth), _reached(graph.predecessors, start, depth)
    part: Graph = graph.subgraph(below | above)
    return part


def _reached(step: Any, start: list[Any], depth: int | None) -> set[Any]:
    seen, edge, steps = set(start), start, 0
    while edge and (depth is None or steps < depth):
        edge = [node for known in edge for node in step(known) if node not in seen]
        seen.update(edge)
        steps += 1
    return seen
