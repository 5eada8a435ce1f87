"""A scene as a Mermaid flow chart, as GitHub, GitLab and many wikis draw it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analyzer.report.drawing.pieces import scene_of
from analyzer.report.drawing.scene import Box, Scene
from analyzer.report.encode.markdown import markdown_block, mermaid_text
from analyzer.report.encode.text import middle_cut, shortened
from analyzer.report.words import STATES

if TYPE_CHECKING:
    import networkx as nx

LETTERS = 60
SHAPES = {"container": ("([", "])"), "fold": ("[[", "]]"), "file": ("[/", "/]"), "store": ("[(", ")]")}
STYLES = (
    "classDef broken stroke:#b83a00,stroke-width:3px",
    "classDef missing stroke:#b83a00,stroke-width:3px,stroke-dasharray:6 4",
    "classDef hit stroke:#946200,stroke-width:2px",
)


def render(graph: nx.DiGraph[Any], broken: Mapping[Any, str]) -> str:
    """Return the flow chart of a piece of the graph."""
    return flowchart(scene_of(graph, broken)) + "\n"


def fenced(scene: Scene) -> str:
    """Return the flow chart as a block of Markdown."""
    return markdown_block(flowchart(scene), "mermaid")


def flowchart(scene: Scene) -> str:
    """Return the flow chart; boxes are n0, n1, … and every label is encoded."""
    lines = ["flowchart LR"]
    for index, box in enumerate(scene.boxes):
        before, after = SHAPES.get(box.kind, ("[", "]"))
        lines.append(f'  n{index}{before}"{_label(box)}"{after}{_class(box)}')
    for index, box in enumerate(scene.boxes):
        if box.needs >= 0:
            lines.append(f"  n{index} --> n{box.needs}")
    lines += [f"  n{user} -.->|{mermaid_text(what)}| n{used}" for user, used, what in scene.extra]
    lines += [f"  {style}" for style in STYLES]
    return "\n".join(lines)


def _label(box: Box) -> str:
    kind = "" if box.kind == "fold" else f"{box.kind} "
    note = box.note or STATES[box.state]
    return f"{mermaid_text(kind + middle_cut(box.label, LETTERS))}<br>{mermaid_text(shortened(note, LETTERS))}"


def _class(box: Box) -> str:
    return f":::{box.state}" if box.state in ("broken", "missing", "hit") else ""
