"""The graph as one static SVG: no script, no reference to anything outside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from analyzer.graph.layout import lay_out
from analyzer.report.drawing.labels import BROKEN_FILL, BROKEN_LINE, FILL, LINE, crosswise, lines
from analyzer.report.escape import inert

if TYPE_CHECKING:
    from collections.abc import Mapping

    import networkx as nx

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN, TEXT = 250, 62, 26, 54, 20, 14
LETTERS = 34
"""Characters of a label that fit into a box."""


def render(graph: nx.DiGraph[Any], broken: Mapping[Any, str]) -> str:
    """Return an SVG with a title for each node that gives its full id."""
    layout = lay_out(graph)
    width = layout.columns * (WIDTH + GAP_X) - GAP_X + 2 * MARGIN
    height = max(layout.rows, 1) * (HEIGHT + GAP_Y) - GAP_Y + 2 * MARGIN
    corners = {
        node: (MARGIN + column * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y))
        for node, (column, row) in layout.at.items()
    }
    edges = [_edge(corners[a], corners[b], graph.edges[a, b]["kinds"]) for a, b in sorted(graph.edges, key=str)]
    boxes = [_box(corners[node], graph.nodes[node], broken.get(node, "")) for node in sorted(graph, key=str)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" font-family="sans-serif" font-size="12">'
    )
    title = f"<title>{len(graph)} objects of a container store and what each needs</title>"
    arrow = (
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" fill="{LINE}"/></marker></defs>'
    )
    page = f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>'
    return "\n".join([head, title, arrow, page, *edges, *boxes, "</svg>"]) + "\n"


def _edge(user: tuple[float, float], used: tuple[float, float], kinds: tuple[str, ...]) -> str:
    """Draw from the bottom of the user to the top of what it needs; an edge that goes up or sideways is bent."""
    x1, y1, x2, y2 = user[0] + WIDTH / 2, user[1] + HEIGHT, used[0] + WIDTH / 2, used[1]
    bend = GAP_Y / 2 if y2 > y1 else GAP_Y * 1.5
    dash = ' stroke-dasharray="5 3"' if crosswise(kinds) else ""
    path = f"M{x1:g} {y1:g}C{x1:g} {y1 + bend:g} {x2:g} {y2 - bend:g} {x2:g} {y2:g}"
    return (
        f'<path d="{path}" fill="none" stroke="{LINE}"{dash} marker-end="url(#arrow)">'
        f"<title>{_safe(', '.join(kinds))}</title></path>"
    )


def _box(corner: tuple[float, float], facts: Mapping[str, Any], wrong: str) -> str:
    x, y = corner
    missing = not facts.get("present", True)
    fill, line = (BROKEN_FILL, BROKEN_LINE) if wrong or missing else (FILL[facts["kind"]], LINE)
    dash = ' stroke-dasharray="5 3"' if missing else ""
    texts = [_cut(text) for text in lines(facts, wrong)][:4]
    first = y + HEIGHT / 2 - (len(texts) - 1) * TEXT / 2 + 4
    weights = (' font-weight="bold"', "", "", "")
    spans = "".join(
        f'<text x="{x + WIDTH / 2:g}" y="{first + number * TEXT:g}" text-anchor="middle" fill="#111111"'
        f"{weights[number]}>{escape(text)}</text>"
        for number, text in enumerate(texts)
    )
    return (
        f"<g><title>{_safe(' '.join((facts['kind'], facts['id'], facts.get('name', ''), wrong)).strip())}</title>"
        f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{fill}" stroke="{line}"'
        f' stroke-width="{2 if wrong else 1}"{dash}/>{spans}</g>'
    )


def _cut(text: str) -> str:
    """Keep the end of a long name, which tells images apart."""
    return text if len(text) <= LETTERS else "…" + text[1 - LETTERS :]


def _safe(text: str) -> str:
    return escape(inert(text))
