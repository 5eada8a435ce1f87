"""Sections and tables of the page; a table is sorted by its script when its columns say what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from analyzer.report.markup import NOTHING, Child, Markup, el, scroller

TEXT, NUMBER = "text", "num"


class Cell(NamedTuple):
    """A cell, and what its column is sorted by."""

    shown: Child
    value: str | float


def section(
    name: str,
    title: str,
    head: Sequence[str],
    rows: Iterable[Sequence[Child]],
    tail: str = "",
    before: str = "",
) -> Markup:
    """Return a section with one table, nothing where it has no rows."""
    made = table(title, head, rows, tail)
    if not made:
        return NOTHING
    return el("section", el("h2", title), el("p", before, class_="quiet") if before else None, made, id=name)


def table(label: str, head: Sequence[str], rows: Iterable[Sequence[Child]], tail: str = "") -> Markup:
    """Return a table in a region that scrolls, nothing where it has no rows."""
    made = [el("tr", [el("td", cell) for cell in row]) for row in rows]
    if not made:
        return NOTHING
    top = el("tr", [el("th", name, scope="col") for name in head])
    return scroller(label, el("table", caption(tail), el("thead", top), el("tbody", made)))


def sorted_table(
    label: str, name: str, head: Sequence[tuple[str, str]], rows: Iterable[tuple[str, Sequence[Cell]]], tail: str = ""
) -> Markup:
    """Return a table whose columns the reader may sort.

    Args:
        label: what it is, for those who do not see it.
        name: its id.
        head: title and kind (`TEXT`, `NUMBER`) of each column.
        rows: the level of each row, by which it is filtered, and its cells.
        tail: what is not shown.
    """
    top = [
        el(
            "th",
            el("button", title, type="button", class_="sort live"),
            el("span", title, class_="dead"),
            scope="col",
            data_kind=kind,
        )
        for title, kind in head
    ]
    made = [
        el("tr", [el("td", cell.shown, data_v=cell.value) for cell in cells], data_level=level) for level, cells in rows
    ]
    whole = el("table", caption(tail), el("thead", el("tr", top)), el("tbody", made), id=name)
    return scroller(label, whole)


def caption(text: str) -> Markup | None:
    """Return what a table does not show, under it."""
    return el("caption", text) if text else None
