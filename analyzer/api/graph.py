"""The layer-dependency graph as networkx has it, with a picture of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import networkx as nx

from analyzer.graph.build import build_graph
from analyzer.graph.neighbourhood import objects_only
from analyzer.report.drawing import svg
from analyzer.report.views.cells import framed
from analyzer.words import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.api.report import Report

    Base = nx.DiGraph[Any]
else:
    Base = nx.DiGraph

Graph = TypeVar("Graph", bound="nx.DiGraph[Any]")
SEVERE = frozenset({"error", "critical"})
DRAWN = 250
"""Objects up to which a picture can be taken in."""


class LayerGraph(Base):
    """Stores, layers, images and containers; edges lead to what each needs.

    Nodes are `(kind, id)`, with the attributes of `analyzer.graph.build.build_graph`, `wrong`: the slugs of what was
    found about the object at error or above, `""` for nothing, and `hit`: whether a cause at error or above affects it.
    A subgraph draws itself too.
    """

    def svg(self) -> str:
        """Return the picture as an SVG file, stores left out."""
        return svg.render(objects_only(self), wrong_nodes(self))

    def _repr_html_(self) -> str | None:
        """Return the picture for a notebook; nothing for a graph too large to take in, which is then told as text."""
        return framed(self.svg()) if len(self) <= DRAWN else None

    def __repr__(self) -> str:
        kinds: dict[str, int] = {}
        for _, kind in self.nodes(data="kind"):
            kinds[str(kind)] = kinds.get(str(kind), 0) + 1
        wrong = len(wrong_nodes(self))
        return f"<graph of {', '.join(plural(n, kind) for kind, n in kinds.items())}; {wrong} with a finding>"


def layer_graph(report: Report, document: Mapping[str, Any]) -> LayerGraph:
    """Return the graph of everything that was read."""
    return marked(LayerGraph(build_graph(report.snapshot, list(report.relations))), document)


def marked(graph: Graph, document: Mapping[str, Any]) -> Graph:
    """Return a graph whose nodes tell what is wrong with them and whether they are hit."""
    wrong, hit = wrong_objects(document), hit_objects(document)
    for node, facts in graph.nodes.items():
        facts["wrong"], facts["hit"] = wrong.get(node, ""), node in hit
    return graph


def wrong_nodes(graph: nx.DiGraph[Any]) -> dict[Any, str]:
    """Return what was found about the nodes of a graph, by node."""
    return {node: str(facts["wrong"]) for node, facts in graph.nodes.items() if facts.get("wrong")}


def wrong_objects(document: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return the slugs of findings at or above error by the (kind, id) they are about."""
    wrong: dict[tuple[str, str], dict[str, None]] = {}
    for finding in document["findings"]:
        subject = finding["subject"]
        if finding["severity"] in SEVERE and subject["id"]:
            wrong.setdefault((subject["kind"], subject["id"]), {})[finding["slug"]] = None
    return {node: ", ".join(slugs) for node, slugs in wrong.items()}


def hit_objects(document: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return (kind, id) of what the causes at or above error affect."""
    hit: set[tuple[str, str]] = set()
    for cause in document["causes"]:
        if cause["severity"] in SEVERE:
            affected = cause["affected"]
            hit.update(("layer", layer) for layer in affected["layers"])
            hit.update((kind, each["id"]) for kind in ("image", "container") for each in affected[f"{kind}s"])
    return hit
