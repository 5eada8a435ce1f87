"""Draw a scene as a Mermaid flow chart in a fenced block, as forges render it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report.escape import markdown_block, mermaid_text, shortened
from analyzer.report.words import STATES

if TYPE_CHECKING:
    from analyzer.report.scene import Box, Scene

LETTERS = 60
SHAPES = {"container": ("([", "])"), "fold": ("[[", "]]"), "file": ("[/", "/]"), "store": ("[(", ")]")}
STYLES = (
    "classDef broken stroke:#b83a00,stroke-width:3px",
    "classDef missing stroke:#b83a00,stroke-width:3px,stroke-dasharray:6 4",
    "classDef hit stroke:#946200,stroke-width:2px",
)


def mermaid(scene: Scene) -> str:
    """Return the fenced block; boxes are n0, n1, … and every label is encoded."""
    lines = ["flowchart LR"]
    for index, box in enumerate(scene.boxes):
        before, after = SHAPES.get(box.kind, ("[", "]"))
        lines.append(f'  n{index}{before}"{_label(box)}"{after}{_class(box)}')
    for index, box in enumerate(scene.boxes):
        if box.needs >= 0:
            lines.append(f"  n{index} --> n{box.needs}")
    lines += [f"  n{user} -.->|{mermaid_text(what)}| n{used}" for user, used, what in scene.extra]
    lines += [f"  {style}" for style in STYLES]
    return markdown_block("\n".join(lines), "mermaid")


def _label(box: Box) -> str:
    kind = "" if box.kind == "fold" else f"{box.kind} "
    note = box.note or STATES[box.state]
    return f"{mermaid_text(kind + shortened(box.label, LETTERS))}<br>{mermaid_text(shortened(note, LETTERS))}"


def _class(box: Box) -> str:
    return f":::{box.state}" if box.state in ("broken", "missing", "hit") else ""
