"""The graph as a Mermaid flowchart, as GitHub, GitLab and many wikis draw it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from analyzer.report.drawing.labels import BROKEN_FILL, BROKEN_LINE, FILL, LINE, crosswise, lines, ordered

if TYPE_CHECKING:
    from collections.abc import Mapping

    import networkx as nx

PLAIN = re.compile(r"[^A-Za-z0-9 .,/@_✗…-]")
"""Everything Mermaid or the HTML it makes could take for markup; a colon may start a class, a number a list."""


def render(graph: nx.DiGraph[Any], broken: Mapping[Any, str]) -> str:
    """Return a flowchart; nodes are numbered, labels are quoted and hold no markup."""
    names = {node: f"n{number}" for number, node in enumerate(ordered(graph))}
    out = ["flowchart TB"]
    for node, name in names.items():
        facts, wrong = graph.nodes[node], broken.get(node, "")
        label = "<br/>".join(coded(line) for line in lines(facts, wrong))
        kind = "broken" if wrong or not facts.get("present", True) else facts["kind"]
        out.append(f'  {name}["{label}"]:::{kind}')
    for user, used in sorted(graph.edges, key=lambda edge: (str(edge[0]), str(edge[1]))):
        kinds = graph.edges[user, used]["kinds"]
        arrow = "-.->" if crosswise(kinds) else "-->"
        out.append(f'  {names[user]} {arrow}|"{coded(", ".join(kinds))}"| {names[used]}')
    out.extend(f"  classDef {kind} fill:{fill},stroke:{LINE},color:#111111" for kind, fill in FILL.items())
    out.append(f"  classDef broken fill:{BROKEN_FILL},stroke:{BROKEN_LINE},color:#111111,stroke-dasharray:4 2")
    return "\n".join(out) + "\n"


def coded(text: str) -> str:
    """Return text for a quoted Mermaid label: all but plain characters as `#number;`."""
    return PLAIN.sub(lambda match: f"#{ord(match.group())};", text)
