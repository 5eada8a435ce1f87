"""Two facts that only together go with a cause: this base layer *and* that kernel.

Of two facts it is claimed that both matter: among the nodes with the one, those with the other are sick more often,
and the other way round. The chance of the claim is the greater of the two, by Fisher's test, corrected for every pair
of facts of two kinds that the fleet has, looked at or not. Two images, or an image and a base layer, are not asked
about: what runs together is pulled together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from msgspec import Struct

from analyzer.fleet.facts import LISTED
from analyzer.fleet.statistics import fisher_greater, holm, lift

CANDIDATES = 40
"""Facts of a family that are put together: those that most of its nodes have, the least likely by chance first."""
SHARE = 0.5
"""Share of the sick nodes that have a fact, and that have both, from which they may tell what happened to them."""
SHOWN = 5


class FactAsked(Struct, frozen=True):
    """What is known of one fact: sick nodes that have it, sick nodes of which its kind is known, its p-value."""

    kind: str
    value: str
    sick_with: int
    sick: int
    p: float


class PairTests:
    """The questions about two facts of every family.

    Args:
        db: a checkpoint with the table `usable` of `analyzer.fleet.rollup`.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._sick: dict[str, int] = {}
        self._facts: dict[str, list[FactAsked]] = {}

    def ask(self, family: str, facts: list[FactAsked]) -> None:
        """Take the facts of a family, whose nodes are in the temporary table `sick`."""
        wide = [each for each in facts if each.sick_with >= SHARE * each.sick]
        self._facts[family] = sorted(wide, key=lambda each: (each.p, each.kind, each.value))[:CANDIDATES]
        self._sick[family] = self._bits("SELECT u.rowid FROM usable u JOIN sick s ON s.bundle = u.bundle")

    def answers(self, kinds: Mapping[str, int], chance: float) -> dict[str, list[dict[str, Any]]]:
        """Return the pairs of each family that are no chance, the least likely first.

        Args:
            kinds: how many facts there are to ask about, by kind.
            chance: corrected p-value from which a pair counts.
        """
        holders = self._holders()
        clean = self._bits("SELECT rowid FROM usable WHERE clean")
        everyone = self._bits("SELECT rowid FROM usable")
        known = {kind: self._bits(KNOWN, kind) for kind in kinds if kind not in LISTED}
        found = []
        for family, facts in self._facts.items():
            sick = self._sick[family]
            others = clean & ~sick
            for one, two in combinations(facts, 2):
                if one.kind == two.kind or (one.kind in LISTED and two.kind in LISTED):
                    continue
                of_both = known.get(one.kind, everyone) & known.get(two.kind, everyone)
                row = _row(one, two, holders[one.kind, one.value], holders[two.kind, two.value], sick & of_both,
                           others & of_both)  # fmt: skip
                if row is not None:
                    found.append((family, row))
        asked = len(self._facts) * _pairs(kinds)
        made: dict[str, list[dict[str, Any]]] = {}
        for (family, row), p in zip(found, holm([row["p"] for _, row in found], asked), strict=True):
            if p <= chance:
                made.setdefault(family, []).append({**row, "p_corrected": p})
        return {family: sorted(rows, key=lambda row: row["p"])[:SHOWN] for family, rows in made.items()}

    def _holders(self) -> dict[tuple[str, str], int]:
        """Return the nodes that have each fact, as bits."""
        facts = dict.fromkeys((each.kind, each.value) for asked in self._facts.values() for each in asked)
        self._db.execute("DROP TABLE IF EXISTS temp.asked")
        self._db.execute("CREATE TEMP TABLE asked (kind TEXT, value TEXT, PRIMARY KEY (kind, value))")
        self._db.executemany("INSERT INTO asked VALUES (?, ?)", facts)
        size = self._size()
        made = {fact: bytearray(size) for fact in facts}
        for kind, value, number in self._db.execute(
            "SELECT f.kind, f.value, u.rowid FROM facts f JOIN asked a ON a.kind = f.kind AND a.value = f.value"
            " JOIN usable u ON u.bundle = f.bundle"
        ):
            made[kind, value][number >> 3] |= 1 << (number & 7)
        return {fact: int.from_bytes(bits, "little") for fact, bits in made.items()}

    def _size(self) -> int:
        return int(self._db.execute("SELECT coalesce(max(rowid), 0) FROM usable").fetchone()[0]) // 8 + 1

    def _bits(self, query: str, *values: str) -> int:
        """Return the nodes whose numbers a query gives, as bits."""
        bits = bytearray(self._size())
        for (number,) in self._db.execute(query, values):
            bits[number >> 3] |= 1 << (number & 7)
        return int.from_bytes(bits, "little")


KNOWN = "SELECT DISTINCT u.rowid FROM usable u JOIN facts f ON f.bundle = u.bundle WHERE f.kind = ?"


def _row(one: FactAsked, two: FactAsked, has_one: int, has_two: int, sick: int, others: int) -> dict[str, Any] | None:
    """Return the numbers of a pair, None where too few sick nodes have both."""
    both = has_one & has_two
    sick_with, others_with = (sick & both).bit_count(), (others & both).bit_count()
    all_sick, all_others = sick.bit_count(), others.bit_count()
    if not all_sick or not all_others or sick_with < SHARE * all_sick:
        return None
    numbers = (sick_with, all_sick, sick_with + others_with, all_sick + all_others)
    return {
        "facts": [{"kind": each.kind, "value": each.value} for each in (one, two)],
        "sick_with": sick_with,
        "sick": all_sick,
        "others_with": others_with,
        "others": all_others,
        "lift": round(lift(*numbers), 3),
        "p": max(_among(has_one, both, sick, others), _among(has_two, both, sick, others)),
    }


def _among(holders: int, both: int, sick: int, others: int) -> float:
    """Return the chance that among the nodes with one fact those with the other are sick as often as they are."""
    ill, well = (sick & holders).bit_count(), (others & holders).bit_count()
    ill_with, well_with = (sick & both).bit_count(), (others & both).bit_count()
    return fisher_greater(ill_with, ill, ill_with + well_with, ill + well)


def _pairs(kinds: Mapping[str, int]) -> int:
    """Return how many pairs of facts of two kinds there are, lists of a node's holdings being one kind."""
    groups: dict[str, int] = {}
    for kind, count in kinds.items():
        group = "" if kind in LISTED else kind
        groups[group] = groups.get(group, 0) + count
    return sum(one * two for one, two in combinations(groups.values(), 2))
