"""The fleet in a few lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analyzer.fleet import words
from analyzer.report.encode.text import inert
from analyzer.report.tables import table
from analyzer.words import plural

CAUSES, FACTS, FAILED = 12, 2, 5


def render(fleet: Mapping[str, Any]) -> str:
    """Return the summary of a fleet, from its document."""
    return "\n".join(_lines(fleet)) + "\n"


def _lines(fleet: Mapping[str, Any]) -> Iterator[str]:
    nodes = fleet["nodes"]
    yield f"{words.headline(fleet).upper()}: {inert(words.summary(fleet))}"
    yield ", ".join(f"{nodes[key]:,} {text}" for key, text in words.COUNTS if nodes[key])
    if nodes["duplicates"]:
        yield f"{plural(nodes['duplicates'], 'node')} with the content of another: not compared"
    if fleet["causes"]:
        yield ""
        rows = [(f["damaged"], f["nodes"], f["cause"], _shared(f)) for f in fleet["causes"][:CAUSES]]
        yield table(("damaged", "nodes", "cause", "these nodes share"), rows)
        if len(fleet["causes"]) > CAUSES:
            yield f"and {len(fleet['causes']) - CAUSES:,} more"
    if fleet["action"] is not None:
        yield ""
        yield f"first: {inert(words.action(fleet))}"
    for row in fleet["failed"][:FAILED]:
        yield inert(f"no report: {row['node']} ({row['failure']}): {row['reason']}")
    if nodes["failed"] > FAILED:
        yield f"and {nodes['failed'] - FAILED:,} more without a report"


def _shared(family: Mapping[str, Any]) -> str:
    compared = family["compared"]
    if compared["small"]:
        return "too few nodes to compare"
    facts = [words.pair(row) for row in compared["pairs"][:1]] + [words.fact(row) for row in compared["shared"][:FACTS]]
    return "; ".join(facts) or "nothing that the others lack"
