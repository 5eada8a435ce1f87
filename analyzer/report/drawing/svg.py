"""A scene as SVG: names in full as titles, states by shape and word, not by colour alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from analyzer.report.drawing.layout import arrange
from analyzer.report.drawing.pieces import scene_of
from analyzer.report.drawing.scene import Box, Scene
from analyzer.report.encode.text import inert, middle_cut, shortened
from analyzer.report.markup import Markup, el
from analyzer.report.model.objects import BROKEN, MISSING
from analyzer.report.words import STATES

if TYPE_CHECKING:
    import networkx as nx

WIDTH, HEIGHT = 216, 46
ACROSS, DOWN = 250, 57
MARGIN = 8
BOW = 24
LETTERS = 22
MARK = 3
"""Letters whose place the mark of a broken box takes."""
EXTRA = {"cycle": "cycle", "mapped": "mapped", "mapped-layer": "mapped"}
"""Looks of edges across the forest, by what they are."""
ROOMY = 900
VARIABLE = re.compile(r"(--[\w-]+): (#\w+);")
USE = re.compile(r"var\((--[\w-]+)\)")
ICONS = {
    "container": "M1 4 8 1l7 3v8l-7 3-7-3z M1 4l7 3 7-3 M8 7v8",
    "image": "M8 1 15 4.5 8 8 1 4.5z M1 8l7 3.5L15 8 M1 11.5 8 15l7-3.5",
    "layer": "M8 4l7 4-7 4-7-4z",
    "fold": "M1 5h14 M1 8h14 M1 11h14",
    "file": "M3 1h7l3 3v11H3z M10 1v3h3",
    "store": "M2 4c0-4 12-4 12 0v8c0 4-12 4-12 0z M2 4c0 4 12 4 12 0",
}


def render(graph: nx.DiGraph[Any], broken: Mapping[Any, str]) -> str:
    """Return a piece of the graph as a file of its own: no script, no reference to anything outside it."""
    title = f"{len(graph)} objects of a container store and what each needs"
    return alone(scene_of(graph, broken), title)


def alone(scene: Scene, title: str) -> str:
    """Return a scene as a file of its own."""
    return draw(scene, title, style=own_style()) + "\n"


def own_style() -> Markup:
    """Return the style sheet for a drawing outside of a page: its colours in place, for viewers without variables."""
    sheet = files("analyzer.report.drawing").joinpath("graph.css").read_text(encoding="utf-8")
    colours = dict(VARIABLE.findall(sheet))
    return Markup(USE.sub(lambda match: colours[match.group(1)], VARIABLE.sub("", sheet)))


def draw(scene: Scene, title: str, description: str = "", style: Markup | None = None) -> Markup:
    """Return an `svg` element that takes its colours from the page (`graph.css`), or from a style of its own.

    Boxes that stand for objects carry their numbers as `data-n`, for a script to make them clickable.
    """
    columns, rows = arrange(scene)
    wide = columns * ACROSS - (ACROSS - WIDTH) + 2 * MARGIN
    high = rows * DOWN - (DOWN - HEIGHT) + 2 * MARGIN + (BOW if scene.extra else 0)
    return el(
        "svg",
        el("title", title),
        el("style", style) if style is not None else None,
        el("rect", class_="paper", width=wide, height=high) if style is not None else None,
        el("desc", description) if description else None,
        el("g", list(_edges(scene)), class_="edges"),
        el("g", [_box(box) for box in scene.boxes], class_="boxes"),
        class_="graph wide" if wide > ROOMY else "graph",
        role="group",
        aria_label=title,
        viewBox=f"0 0 {wide:g} {high:g}",
        width=wide,
        height=high,
        xmlns="http://www.w3.org/2000/svg",
    )


def place(box: Box) -> tuple[float, float]:
    """Return the upper left corner of a box."""
    return MARGIN + box.column * ACROSS, MARGIN + box.row * DOWN


def _edges(scene: Scene) -> Iterator[Markup]:
    for user in scene.boxes:
        if user.needs >= 0:
            used = scene.boxes[user.needs]
            kind = "to-break" if used.state in (BROKEN, MISSING) else f"from-{user.state}"
            yield el("path", class_=f"edge {kind}", d=_curve(user, used))
    for one, other, what in scene.extra:
        user, used = scene.boxes[one], scene.boxes[other]
        way = _curve(user, used) if used.column > user.column else _bow(user, used)
        yield el("path", el("title", what), class_=f"edge {EXTRA.get(what, 'across')}", d=way)


def _curve(user: Box, used: Box) -> str:
    x1, y1 = place(user)
    x2, y2 = place(used)
    x1, y1, y2 = x1 + WIDTH, y1 + HEIGHT / 2, y2 + HEIGHT / 2
    bend = min((x2 - x1) / 2, 17)
    return f"M{x1:g} {y1:g}H{x2 - 2 * bend:g}C{x2 - bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"


def _bow(one: Box, other: Box) -> str:
    x1, y1 = place(one)
    x2, y2 = place(other)
    x1, x2, y1, y2 = x1 + WIDTH / 2, x2 + WIDTH / 2, y1 + HEIGHT, y2 + HEIGHT
    low = max(y1, y2) + BOW
    return f"M{x1:g} {y1:g}C{x1:g} {low:g} {x2:g} {low:g} {x2:g} {y2:g}"


def _box(box: Box) -> Markup:
    x, y = place(box)
    state = STATES[box.state]
    whole = f"{box.kind} {box.about or box.label}: {box.note or state}"
    mark, letters = None, LETTERS
    if box.state in (BROKEN, MISSING):
        letters -= MARK
        mark = el("path", class_="mark", d=f"M{WIDTH - 20} 10l10 10m0 -10l-10 10")
    return el(
        "g",
        el("title", whole),
        el("rect", class_="back", x=4, y=4, width=WIDTH, height=HEIGHT, rx=7) if box.kind == "fold" else None,
        el("rect", class_="body", width=WIDTH, height=HEIGHT, rx=7),
        el("rect", class_="bar", width=5, height=HEIGHT, rx=2),
        el("path", class_="icon", transform="translate(15 14)", d=ICONS[box.kind]),
        el("text", middle_cut(inert(box.label), letters), class_="label", x=42, y=20),
        el("text", shortened(inert(box.note or state), LETTERS + 4), class_="note", x=42, y=36),
        mark,
        class_=f"box k-{box.kind} s-{box.state}",
        transform=f"translate({x:g} {y:g})",
        data_n=" ".join(map(str, box.members)) or None,
    )
