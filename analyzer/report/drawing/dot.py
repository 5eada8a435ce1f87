"""The graph in the DOT language of Graphviz."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analyzer.report.drawing.labels import BROKEN_FILL, BROKEN_LINE, FILL, LINE, crosswise, lines, ordered

if TYPE_CHECKING:
    import networkx as nx


def render(graph: nx.DiGraph[Any], broken: Mapping[Any, str]) -> str:
    """Return a digraph; nodes are numbered, so that nothing out of the bundle is ever an identifier."""
    names = {node: f"n{number}" for number, node in enumerate(ordered(graph))}
    out = ["digraph store {", "  rankdir=TB;", '  node [shape=box, style=filled, fontname="sans-serif", fontsize=10];']
    for node, name in names.items():
        facts, wrong = graph.nodes[node], broken.get(node, "")
        label = "\\n".join(quoted(line) for line in lines(facts, wrong))
        missing = not facts.get("present", True)
        style = "filled,dashed" if missing else "filled"
        fill, line = (BROKEN_FILL, BROKEN_LINE) if wrong or missing else (FILL[facts["kind"]], LINE)
        tip = quoted(lines({**facts, "name": facts["id"]}, "")[0])
        out.append(f'  {name} [label="{label}", style="{style}", fillcolor="{fill}", color="{line}", tooltip="{tip}"];')
    for user, used in sorted(graph.edges, key=lambda edge: (str(edge[0]), str(edge[1]))):
        kinds = graph.edges[user, used]["kinds"]
        style = "dashed" if crosswise(kinds) else "solid"
        out.append(f'  {names[user]} -> {names[used]} [label="{quoted(", ".join(kinds))}", style={style}, fontsize=8];')
    return "\n".join([*out, "}"]) + "\n"


def quoted(text: str) -> str:
    """Return text for the inside of a quoted DOT string, in which a backslash starts an escape."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
