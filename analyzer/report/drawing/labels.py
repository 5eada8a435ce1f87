"""What is written on a node and how it looks, the same for every target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzer.report.encode.text import inert, shortened

LONGEST = 48
FILL = {"container": "#dbe9f6", "image": "#e3f1da", "layer": "#f4f1e8", "store": "#eeeeee"}
BROKEN_FILL, BROKEN_LINE, LINE = "#fbd5d5", "#b2182b", "#555555"
DASHED = ("image", "mapped-layer", "lower")
"""Kinds of edge that are drawn across the forest of parents."""


def lines(facts: Mapping[str, Any], broken: str) -> list[str]:
    """Return the lines of a node: kind and short id, its name, what is wrong with it; harmless, at most 48 columns.

    Args:
        facts: node attributes of `analyzer.graph.build`.
        broken: what is wrong with it, `""` for nothing seen.
    """
    kind, object_id, name = facts["kind"], str(facts["id"]), str(facts.get("name", ""))
    first = f"{kind} {object_id[:12]}" if kind != "store" else f"store {object_id}"
    texts = [first]
    if name and name not in (object_id, object_id[:12]):
        texts.append(name)
    if not facts.get("present", True):
        texts.append("no record")
    if broken:
        texts.append(f"✗ {broken}")
    return [shortened(inert(text), LONGEST) for text in texts]


def ordered(nodes: Any) -> list[Any]:
    """Return nodes in the fixed order of every drawing."""
    return sorted(nodes, key=str)


def crosswise(kinds: tuple[str, ...]) -> bool:
    """Tell whether an edge is only one of those drawn across."""
    return all(kind in DASHED for kind in kinds)
