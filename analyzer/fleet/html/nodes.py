"""The nodes, one a row: verdict, first cause, a link to the node's own report; searched, filtered and sorted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from analyzer.fleet import words
from analyzer.fleet.files import REPORTS, page_name
from analyzer.fleet.html.table import NUMBER, TEXT, Cell, sorted_table
from analyzer.report.markup import Markup, coded, el
from analyzer.words import percent

HEAD = (
    ("node", TEXT), ("verdict", NUMBER), ("first cause", TEXT), ("likely", NUMBER), ("causes", NUMBER),
    ("images", NUMBER), ("containers", NUMBER), ("newest change", TEXT),
)  # fmt: skip
ORDER = ("damaged", "failed", "undetermined", "advisory", "healthy")


def nodes_block(fleet: Mapping[str, Any]) -> Markup:
    """Return the table of nodes with its search field and filters."""
    rows = fleet["listing"]
    tail = words.cut(rows, fleet["nodes"]["total"])
    return el(
        "section",
        el("h2", "Nodes"),
        _tools(fleet),
        sorted_table("Nodes", "listing", HEAD, ((row["verdict"], _cells(row, fleet["pages"])) for row in rows), tail),
        id="nodes",
    )


def _tools(fleet: Mapping[str, Any]) -> Markup:
    present = [level for level in ORDER if fleet["nodes"][level]]
    boxes = [
        el("label", el("input", type="checkbox", checked=True, value=level, class_="level"), " ", level)
        for level in present
    ]
    field = el("input", id="q", type="search", placeholder="node, cause, words", autocomplete="off", spellcheck="false")
    return el(
        "div",
        el("label", "Search ", field),
        el("fieldset", el("legend", "Verdict", class_="hidden-label"), boxes),
        el("button", "Copy the names shown", type="button", id="copy-names"),
        el("span", "", id="matched", class_="quiet", role="status", aria_live="polite"),
        class_="filters live-flex",
    )


def _cells(row: Mapping[str, Any], pages: bool) -> tuple[Cell, ...]:
    name = el("code", row["node"])
    if row["report"]:
        report = page_name(row["report"]) if pages else row["report"]
        name = el("a", name, href=f"{REPORTS}/{quote(report, safe='')}")
    because = row["title"] or row["reason"] or row["thin"]
    cause = [el("code", row["cause"]) if row["cause"] else None, el("div", coded(because), class_="quiet")]
    return (
        Cell(name, row["node"]),
        Cell(el("span", row["verdict"], class_=f"chip v-{row['verdict']}"), ORDER.index(row["verdict"])),
        Cell(cause, row["cause"] or because),
        Cell(percent(row["probability"]) if row["probability"] is not None else "", row["probability"] or 0),
        *(Cell(f"{row[key]:,}", row[key]) for key in ("causes", "images", "containers")),
        Cell(row["newest"], row["newest"]),
    )
