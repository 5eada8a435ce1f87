"""A piece of the networkx graph as a scene: one box an object, nothing folded, every edge drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analyzer.report.drawing.labels import ordered
from analyzer.report.drawing.scene import Box, Scene
from analyzer.report.model.objects import BROKEN, FINE, HIT, MISSING

if TYPE_CHECKING:
    import networkx as nx

CHIEF = ("parent", "top-layer", "layer", "mapped-layer", "image", "lower")
"""Kinds of edge, the one that decides a box's place first."""
CYCLE = "cycle"


def scene_of(graph: nx.DiGraph[Any], broken: Mapping[Any, str]) -> Scene:
    """Return the scene; linear in nodes and edges.

    Args:
        graph: with the attributes of `analyzer.graph.build`, and `hit` where what is affected shall show.
        broken: what is wrong with a node, in a few words.
    """
    scene = Scene()
    nodes = sorted(graph, key=_key(graph))
    boxes = {node: scene.add(_box(graph.nodes[node], broken.get(node, ""))) for node in nodes}
    chosen = _supports(graph, nodes)
    for user, used in chosen.items():
        scene.boxes[boxes[user]].needs = boxes[used]
    for user, used in ordered(graph.edges):
        if chosen.get(user) != used:
            scene.extra.append((boxes[user], boxes[used], _said(graph, user, used, chosen)))
    return scene


def _key(graph: nx.DiGraph[Any]) -> Any:
    return lambda node: (graph.nodes[node].get("kind", ""), graph.nodes[node].get("name", ""), str(node))


def _box(facts: Mapping[str, Any], wrong: str) -> Box:
    kind, object_id, name = facts["kind"], str(facts["id"]), str(facts.get("name") or "")
    named = name not in ("", object_id, object_id[:12])
    missing = not facts.get("present", True)
    notes = [object_id[:12] if named else "", "no record" if missing else "", wrong]
    return Box(
        kind,
        name if named else object_id[:12],
        " · ".join(filter(None, notes)) or kind,
        MISSING if missing else BROKEN if wrong else HIT if facts.get("hit") else FINE,
        about=" ".join(filter(None, (object_id, name if named else ""))),
    )


def _supports(graph: nx.DiGraph[Any], nodes: list[Any]) -> dict[Any, Any]:
    """Return what each node chiefly stands on; the edge that would close a circle is left out."""
    support: dict[Any, Any] = {}
    foot: dict[Any, Any] = {}
    for node in nodes:
        best = min(
            (
                (CHIEF.index(kind), str(used), used)
                for used in graph.successors(node)
                for kind in graph.edges[node, used]["kinds"]
                if kind in CHIEF
            ),
            default=None,
        )
        if best is not None and _foot(foot, best[2]) != node:
            support[node] = foot[node] = best[2]
    return support


def _foot(foot: dict[Any, Any], node: Any) -> Any:
    """Return what a node stands on at the very bottom, shortening the way for the next time."""
    path = []
    while node in foot:
        path.append(node)
        node = foot[node]
    foot.update(dict.fromkeys(path, node))
    return node


def _said(graph: nx.DiGraph[Any], user: Any, used: Any, chosen: Mapping[Any, Any]) -> str:
    """Return what an edge across the forest is: a cycle's last one by that word, else its kinds."""
    kinds = graph.edges[user, used]["kinds"]
    return CYCLE if user not in chosen and "parent" in kinds else ", ".join(kinds)
