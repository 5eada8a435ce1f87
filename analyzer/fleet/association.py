"""What the nodes with a cause share and the others lack: images, base layers, engines, kernels, file systems.

Nodes whose capture is too thin, copies of another capture, and nodes of which a kind of fact is not known take no part.
Facts that are held by the very same nodes are one question, asked once. Families on fewer than five nodes, or that
leave fewer than five, are not compared: so few nodes share something by chance.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analyzer.fleet.facts import KINDS, LISTED
from analyzer.fleet.statistics import fisher_greater, holm, lift

if TYPE_CHECKING:
    import sqlite3

FEWEST = 5
"""Nodes that both sides of a comparison need."""
FEWEST_WITH = 3
"""Nodes that must have a fact before it is asked about."""
CHANCE = 0.01
"""Corrected p-value from which a fact counts as shared."""
CLEAR = 1.2
"""Lift below which even a sure difference is too small to help anybody."""
SHOWN, ALIKE = 12, 5


@dataclass(slots=True)
class _Question:
    """Facts that the same nodes have."""

    facts: list[tuple[str, str]]
    count: int
    have: int
    known: int


@dataclass(frozen=True, slots=True)
class FactComparison:
    """What came out for one family.

    Attributes:
        sick, others: nodes that took part on each side.
        small: whether a side has fewer than `FEWEST` nodes, so that nothing was compared.
        shared: facts, the least likely by chance first.
        more: shared facts beyond those.
    """

    sick: int
    others: int
    small: bool
    shared: list[dict[str, Any]]
    more: int


def compare_all(db: sqlite3.Connection, families: list[str]) -> tuple[dict[str, FactComparison], int]:
    """Return the comparison of each family, and how many questions were asked in all.

    Args:
        db: a checkpoint with the table `usable` of `analyzer.fleet.rollup`.
        families: cause families found in the fleet.
    """
    total = int(db.execute("SELECT count(*) FROM usable").fetchone()[0])
    questions, by_fact = _questions(db, total)
    sizes = {family: _sick(db, family) for family in families}
    tested = [f for f in families if min(sizes[f], total - sizes[f]) >= FEWEST]
    results: list[tuple[float, str, dict[str, Any]]] = []
    for family in tested:
        results += [(p, family, row) for p, row in _rows(db, family, questions, by_fact)]
    asked = len(questions) * len(tested)
    made: dict[str, list[dict[str, Any]]] = {family: [] for family in families}
    for (_, family, row), p in zip(results, holm([p for p, _, _ in results], asked), strict=True):
        if p <= CHANCE and row["lift"] >= CLEAR:
            made[family].append({**row, "p_corrected": p})
    compared = {}
    for family in families:
        rows = sorted(made[family], key=lambda row: (row["p"], -row["lift"], row["kind"], row["value"]))
        sick = sizes[family]
        compared[family] = FactComparison(
            sick, total - sick, family not in tested, rows[:SHOWN], max(0, len(rows) - SHOWN)
        )
    return compared, asked


def weight(name: str) -> int:
    """Return 40 bits for a node, so that the sum over a set of nodes tells it from other sets."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=5).digest())


def _sick(db: sqlite3.Connection, family: str) -> int:
    found = db.execute(
        "SELECT count(DISTINCT c.bundle) FROM causes c JOIN usable u ON u.bundle = c.bundle WHERE c.cause = ?",
        (family,),
    ).fetchone()
    return int(found[0])


def _questions(db: sqlite3.Connection, total: int) -> tuple[list[_Question], dict[tuple[str, str], int]]:
    """Return what there is to ask, and the question of each fact."""
    known = dict.fromkeys(LISTED, total)
    for kind, count in db.execute(
        "SELECT f.kind, count(DISTINCT f.bundle) FROM facts f JOIN usable u ON u.bundle = f.bundle GROUP BY f.kind"
    ):
        known.setdefault(kind, count)
    questions: list[_Question] = []
    places: dict[tuple[Any, ...], int] = {}
    by_fact: dict[tuple[str, str], int] = {}
    for kind, value, have, signature in db.execute(
        "SELECT f.kind, f.value, count(*), sum(u.weight) FROM facts f JOIN usable u ON u.bundle = f.bundle"
        " GROUP BY f.kind, f.value HAVING count(*) >= ? ORDER BY f.kind, f.value",
        (FEWEST_WITH,),
    ):
        if kind not in KINDS or have >= known[kind]:
            continue
        group = "" if kind in LISTED else kind
        place = places.setdefault((group, have, signature), len(questions))
        if place == len(questions):
            questions.append(_Question([], 0, have, known[kind]))
        question = questions[place]
        question.count += 1
        if len(question.facts) < ALIKE:
            question.facts.append((kind, value))
            by_fact[kind, value] = place
    return questions, by_fact


def _rows(
    db: sqlite3.Connection, family: str, questions: list[_Question], by_fact: dict[tuple[str, str], int]
) -> list[tuple[float, dict[str, Any]]]:
    """Return (p, row) of each question that two sick nodes at least answer with yes."""
    db.execute("DROP TABLE IF EXISTS temp.sick")
    db.execute(
        "CREATE TEMP TABLE sick AS SELECT DISTINCT u.bundle FROM causes c JOIN usable u ON u.bundle = c.bundle"
        " WHERE c.cause = ?",
        (family,),
    )
    db.execute("CREATE UNIQUE INDEX temp.by_sick ON sick (bundle)")
    everyone = int(db.execute("SELECT count(*) FROM sick").fetchone()[0])
    sick_known = dict.fromkeys(LISTED, everyone)
    for kind, count in db.execute(
        "SELECT f.kind, count(DISTINCT f.bundle) FROM sick s JOIN facts f ON f.bundle = s.bundle GROUP BY f.kind"
    ):
        sick_known.setdefault(kind, count)
    made, seen = [], set()
    for kind, value, sick_with in db.execute(
        "SELECT f.kind, f.value, count(*) FROM sick s JOIN facts f ON f.bundle = s.bundle"
        " GROUP BY f.kind, f.value HAVING count(*) >= 2 ORDER BY f.kind, f.value"
    ):
        place = by_fact.get((kind, value))
        if place is None or place in seen:
            continue
        seen.add(place)
        question = questions[place]
        numbers = (sick_with, sick_known[kind], question.have, question.known)
        p = fisher_greater(*numbers)
        made.append(
            (
                p,
                {
                    "kind": question.facts[0][0],
                    "value": question.facts[0][1],
                    "alike": [{"kind": k, "value": v} for k, v in question.facts[1:]],
                    "alike_more": question.count - len(question.facts),
                    "sick_with": sick_with,
                    "sick": sick_known[kind],
                    "others_with": question.have - sick_with,
                    "others": question.known - sick_known[kind],
                    "lift": round(lift(*numbers), 3),
                    "p": p,
                },
            )
        )
    return made
