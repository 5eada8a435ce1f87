"""The graph as GraphML, for yEd, Gephi, igraph and networkx."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analyzer.report.encode.text import inert

if TYPE_CHECKING:
    import networkx as nx

TEXT_LIMIT = 1 << 62


def render(graph: nx.DiGraph[Any], broken: Mapping[Any, str]) -> str:
    """Return GraphML; node ids are `kind:id`, the `kinds` of an edge are joined by commas."""
    import networkx as nx  # noqa: PLC0415  only where a graph is written

    plain: nx.DiGraph[str] = nx.DiGraph()
    for node in sorted(graph, key=str):
        facts = {**graph.nodes[node], "broken": broken.get(node, "")}
        plain.add_node(_name(node), **{key: _value(value) for key, value in facts.items() if value is not None})
    for user, used in sorted(graph.edges, key=str):
        plain.add_edge(_name(user), _name(used), kinds=",".join(graph.edges[user, used]["kinds"]))
    return "\n".join(nx.generate_graphml(plain)) + "\n"


def _name(node: tuple[str, str]) -> str:
    return inert(f"{node[0]}:{node[1]}")


def _value(value: Any) -> Any:
    """Return a value that GraphML has a type for: text, truth or a whole number."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < TEXT_LIMIT:
        return value
    return inert(str(value))
