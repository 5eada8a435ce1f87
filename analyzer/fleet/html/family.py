"""A cause that nodes share: on how many, since when, on which object, and what these nodes have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analyzer.fleet import words
from analyzer.fleet.html.table import table
from analyzer.report.markup import NOTHING, Child, Markup, coded, el
from analyzer.words import percent, plural


def families(fleet: Mapping[str, Any]) -> Markup:
    """Return a card a cause family, that on most damaged nodes first."""
    nodes = fleet["nodes"]
    cards = [_family(number, family, nodes) for number, family in enumerate(fleet["causes"], 1)]
    if not cards:
        return NOTHING
    return el("section", el("h2", "Causes, the most widespread first"), cards, id="causes")


def _family(number: int, family: Mapping[str, Any], nodes: Mapping[str, int]) -> Markup:
    analysed = nodes["total"] - nodes["failed"]
    chips = (
        el("span", family["severity"], class_=f"chip sev-{family['severity']}"),
        el("span", plural(family["nodes"], "node"), class_="chip"),
        el("span", f"first cause on {family['first_on']:,}", class_="chip"),
        el("span", f"surest {percent(family['probability'])}", class_="chip"),
    )
    more = family["nodes"] - len(family["examples"])
    tail = f" and {more:,} more" if more else ""
    listed = [part for name in family["examples"] for part in (el("code", name), ", ")][:-1]
    objects = table(
        "The same object on several nodes",
        ("nodes", "cause", "as on"),
        ((f"{row['nodes']:,}", coded(row["title"]), el("code", row["example"])) for row in family["objects"]),
        f"and {family['objects_more']:,} more" if family["objects_more"] else "",
    )
    return el(
        "article",
        el("h3", el("span", number, class_="rank"), " ", el("code", family["cause"])),
        el("p", coded(family["what"])) if family["what"] else None,
        el("div", chips, class_="chips"),
        el(
            "p",
            f"On {words.share(family['nodes'], analysed)} of the analysed nodes; {words.damage(family)}.",
        ),
        el("p", words.dates(family)) if family["earliest"] else None,
        el("p", listed, tail),
        [el("h4", "The same object"), objects] if family["objects"] else None,
        el("h4", "What these nodes share and the others lack"),
        _compared(family, nodes),
        class_=f"card sev-{family['severity']}",
    )


def _compared(family: Mapping[str, Any], nodes: Mapping[str, int]) -> Markup:
    """Return what only the nodes with a cause have, and what took no part in the comparison."""
    compared, said = family["compared"], words.comparison(family)
    left = words.left_out(family, nodes)
    quiet = el("p", left, class_="quiet") if left else None
    if said:
        return el("div", el("p", said), quiet)
    facts = (
        [words.fact(row), el("div", words.alike(row), class_="quiet") if row["alike"] else None]
        for row in compared["shared"]
    )
    more = f"and {compared['more']:,} more" if compared["more"] else ""
    return el(
        "div",
        _facts("only together", map(words.pair, compared["pairs"]), compared["pairs"]),
        _facts("fact", facts, compared["shared"], more),
        el("p", words.LEADS, class_="quiet"),
        quiet,
    )


def _facts(title: str, named: Iterable[Child], rows: Sequence[Mapping[str, Any]], tail: str = "") -> Markup:
    return table(
        f"Shared facts: {title}",
        (title, "with the cause", "without damage", "lift", "p, corrected"),
        (
            (
                el("span", name, class_="about"),
                words.share(row["sick_with"], row["sick"]),
                words.share(row["others_with"], row["others"]),
                f"{row['lift']:.1f}",
                words.chance(row["p_corrected"]),
            )
            for name, row in zip(named, rows, strict=True)
        ),
        tail,
    )
