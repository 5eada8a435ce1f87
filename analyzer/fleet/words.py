"""Sentences that every rendering of a fleet uses; they hold hostile text, which the renderers escape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from analyzer.fleet.facts import KINDS
from analyzer.words import percent, plural

COUNTS = (
    ("healthy", "healthy"),
    ("advisory", "advisory"),
    ("damaged", "damaged"),
    ("undetermined", "undetermined: too little was read"),
    ("failed", "without a report"),
)
LEADS = "A shared fact is a lead, not a proof: it may be the cause, go with it, or follow from it."


def verdict(fleet: Mapping[str, Any]) -> str:
    """Return the verdict that the whole fleet has: that of its worst node."""
    nodes = fleet["nodes"]
    if nodes["damaged"]:
        return "damaged"
    if nodes["undetermined"] or nodes["failed"]:
        return "undetermined"
    return "advisory" if nodes["advisory"] else "healthy"


def headline(fleet: Mapping[str, Any]) -> str:
    """Return the fleet in a few words."""
    nodes = fleet["nodes"]
    return f"{nodes['damaged']:,} of {plural(nodes['total'], 'node')} damaged"


def summary(fleet: Mapping[str, Any]) -> str:
    """Return what stands out, in a sentence."""
    nodes = fleet["nodes"]
    bad = [family for family in fleet["causes"] if family["damaged"]]
    if not bad:
        if nodes["undetermined"] or nodes["failed"]:
            unknown = nodes["undetermined"] + nodes["failed"]
            return f"No damage was seen, but {plural(unknown, 'node')} could not be judged."
        return "No node is damaged."
    first = bad[0]
    if nodes["damaged"] == 1:
        return f"Its cause: {first['cause']}."
    if first["damaged"] == 1:
        return "No two damaged nodes share a cause."
    rest = f"; {plural(len(bad) - 1, 'other family')} on the rest" if len(bad) > 1 else ""
    return f"{first['cause']} is on {first['damaged']:,} of the {nodes['damaged']:,} damaged nodes{rest}."


def dates(family: Mapping[str, Any]) -> str:
    """Return from when to when a family's damage is dated, `""` where nothing tells."""
    first, last = family["earliest"], family["latest"]
    if first is None:
        return ""
    told = f"dated on {plural(family['dated'], 'node')}"
    if first["time"] == last["time"]:
        return f"{first['time']} on {first['node']}; {told}"
    return f"from {first['time']} on {first['node']} to {last['time']} on {last['node']}; {told}"


def comparison(family: Mapping[str, Any]) -> str:
    """Return what the comparison of sick nodes with the others came to, when it found nothing; else `""`."""
    compared = family["compared"]
    if compared["small"]:
        return (
            f"Not compared: {plural(compared['sick'], 'node')} with this cause and {compared['others']:,} without any"
            " damage are fit for comparison, and fewer than five on a side share something by chance."
        )
    if not compared["shared"] and not compared["pairs"]:
        return (
            f"{compared['sick']:,} nodes with it and {compared['others']:,} without any damage:"
            " no fact tells them apart."
        )
    return ""


def left_out(family: Mapping[str, Any], nodes: Mapping[str, int]) -> str:
    """Return which nodes and which kinds of facts took no part in a family's comparison; `""` for none."""
    compared = family["compared"]
    if compared["small"]:
        return ""
    apart = [
        f"{plural(number, noun)}{which}"
        for number, noun, which in (
            (compared["left_out"], "node", " with another cause of damage"),
            (nodes["thin"], "capture", " too thin"),
            (nodes["duplicates"], "copy", ""),
        )
        if number
    ]
    told = [f"Left out: {', '.join(apart).replace('copys', 'copies')}."] if apart else []
    if compared["unknown"]:
        told.append(f"Not compared, as too few captures tell: {_kinds(compared['unknown'])}.")
    if compared["same"]:
        told.append(f"The same on every node: {_kinds(compared['same'])}.")
    return " ".join(told)


def _kinds(kinds: Iterable[str]) -> str:
    return ", ".join(KINDS[kind] for kind in kinds)


def pair(row: Mapping[str, Any]) -> str:
    """Return two facts that go with a cause only together."""
    return " and ".join(map(fact, row["facts"]))


def fact(row: Mapping[str, Any]) -> str:
    """Return a fact with its kind."""
    return f"{KINDS[row['kind']]} {row['value']}"


def alike(row: Mapping[str, Any]) -> str:
    """Return the facts that the very same nodes have, `""` for none."""
    if not row["alike"]:
        return ""
    more = f" and {row['alike_more']:,} more" if row["alike_more"] else ""
    return f"the same nodes have {', '.join(map(fact, row['alike']))}{more}"


def share(part: int, whole: int) -> str:
    """Return `54 of 60 (90%)`."""
    if not whole:
        return f"{part:,} of 0"
    return f"{part:,} of {whole:,} ({'< 1%' if 0 < part / whole < 0.005 else percent(part / whole)})"


def damage(family: Mapping[str, Any]) -> str:
    """Return what a family does to its nodes."""
    if not family["damaged"]:
        return "it damages none of them"
    return f"it damages {family['damaged']:,}, and is the only cause of damage on {family['heals']:,}"


def chance(p: float) -> str:
    """Return a p-value, not more exact than it is worth."""
    return f"{p:.2g}" if p >= 1e-15 else "< 1e-15"


def action(fleet: Mapping[str, Any]) -> str:
    """Return what to do first, in a sentence; `""` where nothing is damaged."""
    found = fleet["action"]
    if found is None:
        return ""
    heals = (
        f"Repairing {found['cause']} heals {plural(found['heals'], 'node')}"
        if found["heals"]
        else (f"Repairing {found['cause']} alone heals no node")
    )
    helps = f", and helps {plural(found['helps'], 'more node')}" if found["helps"] else ""
    return f"{heals}{helps}."


def plans(found: Mapping[str, Any]) -> str:
    """Return whether the steps are the same on every node."""
    if found["plans"] <= 1:
        return "The same commands do on every one of these nodes:"
    return (
        f"The commands name objects of the node: there are {found['plans']:,} different lists of them."
        f" On {found['example']['node']}:"
    )


def cut(items: list[Any], total: int) -> str:
    """Return how many items are not listed, `""` for none."""
    return f"and {total - len(items):,} more: see the dataset" if total > len(items) else ""
