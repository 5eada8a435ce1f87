"""What the nodes with a cause share and the others lack: images, base layers, engines, kernels, file systems.

The others, the controls, are nodes without any cause of damage: a node with another fault says nothing of what keeps
a node well. Nodes whose capture is too thin, copies of another capture, and nodes of which a kind of fact is not known
take no part. Facts that the very same nodes have are one question, asked once. Families on fewer than five nodes,
or that leave fewer than five, are not compared: so few nodes share something by chance.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from analyzer.fleet.facts import KINDS, LISTED
from analyzer.fleet.pairs import FactAsked, PairTests
from analyzer.fleet.statistics import fisher_greater, holm, lift

FEWEST = 5
"""Nodes that both sides of a comparison need."""
FEWEST_WITH = 3
"""Nodes that must have a fact before it is asked about."""
CHANCE = 0.01
"""Corrected p-value from which a fact counts as shared."""
CLEAR = 1.2
"""Lift below which even a sure difference is too small to help anybody."""
SHOWN, OF_A_KIND, ALIKE = 12, 3, 5
"""Facts listed of a family, of one kind before every kind had its turn, and of the very same nodes."""


class _Question(Struct):
    """Facts that the same nodes have; `clean` of them are controls."""

    facts: list[tuple[str, str]]
    count: int
    clean: int


class FactComparison(Struct, frozen=True):
    """What came out for one family.

    Attributes:
        sick, others: nodes that took part on each side.
        small: whether a side has fewer than `FEWEST` nodes, so that nothing was compared.
        shared: facts, the least likely by chance first; each kind has its share of the list.
        more: shared facts beyond those.
        pairs: two facts that only together go with the cause.
        left_out: nodes fit for comparison that have another cause of damage, and so are on neither side.
        unknown: kinds of facts that are known of fewer than `FEWEST` nodes of a side.
        same: kinds of facts that are the same on every node.
    """

    sick: int
    others: int
    small: bool
    shared: list[dict[str, Any]]
    more: int
    pairs: list[dict[str, Any]]
    left_out: int
    unknown: list[str]
    same: list[str]


class _Sides(Struct):
    """The nodes of one family: how many are sick, how many are controls, and of how many a kind is known."""

    sick: int
    others: int
    sick_known: Counter[str] = field(default_factory=Counter)
    others_known: Counter[str] = field(default_factory=Counter)

    @property
    def small(self) -> bool:
        return min(self.sick, self.others) < FEWEST

    def known(self, kind: str) -> tuple[int, int]:
        """Return of how many sick nodes and controls a kind of fact is known."""
        if kind in LISTED:
            return self.sick, self.others
        return self.sick_known[kind], self.others_known[kind]


class Comparisons:
    """Every family of a fleet held against the nodes without damage.

    Args:
        db: a checkpoint with the table `usable` of `analyzer.fleet.rollup`.

    Attributes:
        asked: how many questions were asked in all, those about two facts at once not counted.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._total, self._clean = db.execute("SELECT count(*), coalesce(sum(clean), 0) FROM usable").fetchone()
        self._values: dict[str, int] = {}
        self._known: dict[str, int] = dict.fromkeys(LISTED, self._total)
        self._clean_known: Counter[str] = Counter()
        for kind, values, known, clean in db.execute(
            "SELECT f.kind, count(DISTINCT f.value), count(DISTINCT f.bundle),"
            " count(DISTINCT CASE WHEN u.clean THEN f.bundle END)"
            " FROM facts f JOIN usable u ON u.bundle = f.bundle GROUP BY f.kind"
        ):
            self._values[kind] = values
            self._known.setdefault(kind, known)
            self._clean_known[kind] = clean
        self._questions: list[_Question] = []
        self._place: dict[tuple[str, str], int] = {}
        self._ask()
        self.asked = 0

    def of(self, families: list[str]) -> dict[str, FactComparison]:
        """Return the comparison of each family."""
        sides, results, tests = {}, [], PairTests(self._db)
        for family in families:
            sides[family] = own = self._sides(family)
            if own.small:
                continue
            rows = list(self._rows(own))
            results += [(p, family, row) for p, row, _ in rows]
            tests.ask(family, [asked for _, _, asked in rows])
            self.asked += len(self._questions)
        made: dict[str, list[dict[str, Any]]] = {family: [] for family in families}
        corrected = holm([p for p, _, _ in results], self.asked)
        for (_, family, row), p in zip(results, corrected, strict=True):
            if p <= CHANCE and row["lift"] >= CLEAR:
                made[family].append({**row, "p_corrected": p})
        kinds = Counter(question.facts[0][0] for question in self._questions)
        pairs = tests.answers(kinds, CHANCE)
        return {family: self._compared(sides[family], made[family], pairs.get(family, [])) for family in families}

    def _compared(self, sides: _Sides, found: list[dict[str, Any]], pairs: list[dict[str, Any]]) -> FactComparison:
        ordered = sorted(found, key=lambda row: (row["p"], -row["lift"], row["kind"], row["value"]))
        shown = _shares(ordered)
        single = [kind for kind in KINDS if kind not in LISTED]
        unknown = [kind for kind in single if min(sides.known(kind)) < FEWEST]
        return FactComparison(
            sides.sick,
            sides.others,
            sides.small,
            shown,
            len(ordered) - len(shown),
            pairs,
            self._total - sides.sick - sides.others,
            [] if sides.small else unknown,
            [] if sides.small else [kind for kind in single if self._values.get(kind) == 1 and kind not in unknown],
        )

    def _ask(self) -> None:
        """Find what there is to ask: what several nodes have and not all do, once for the very same nodes."""
        places: dict[tuple[Any, ...], int] = {}
        for kind, value, have, clean, signature in self._db.execute(
            "SELECT f.kind, f.value, count(*), sum(u.clean), sum(u.weight)"
            " FROM facts f JOIN usable u ON u.bundle = f.bundle"
            " GROUP BY f.kind, f.value HAVING count(*) >= ? ORDER BY f.kind, f.value",
            (FEWEST_WITH,),
        ):
            if kind not in KINDS or have >= self._known[kind]:
                continue
            group = "" if kind in LISTED else kind
            place = places.setdefault((group, have, signature), len(self._questions))
            if place == len(self._questions):
                self._questions.append(_Question([], 0, clean))
            question = self._questions[place]
            question.count += 1
            if len(question.facts) < ALIKE:
                question.facts.append((kind, value))
                self._place[kind, value] = place

    def _sides(self, family: str) -> _Sides:
        """Make the temporary table `sick` of a family, and return its sides."""
        self._db.execute("DROP TABLE IF EXISTS temp.sick")
        self._db.execute(
            "CREATE TEMP TABLE sick AS SELECT DISTINCT u.bundle, u.clean FROM causes c"
            " JOIN usable u ON u.bundle = c.bundle WHERE c.cause = ?",
            (family,),
        )
        self._db.execute("CREATE UNIQUE INDEX temp.by_sick ON sick (bundle)")
        sick, clean = self._db.execute("SELECT count(*), coalesce(sum(clean), 0) FROM sick").fetchone()
        sides = _Sides(sick, self._clean - clean)
        for kind, count, of_clean in self._db.execute(
            "SELECT f.kind, count(DISTINCT s.bundle), count(DISTINCT CASE WHEN s.clean THEN s.bundle END)"
            " FROM sick s JOIN facts f ON f.bundle = s.bundle GROUP BY f.kind"
        ):
            sides.sick_known[kind] = count
            sides.others_known[kind] = -of_clean
        for kind, count in self._clean_known.items():
            sides.others_known[kind] += count
        return sides

    def _rows(self, sides: _Sides) -> Iterator[tuple[float, dict[str, Any], FactAsked]]:
        """Yield (p, row, question) of each question that two sick nodes at least answer with yes."""
        seen = set()
        for kind, value, sick_with, of_clean in self._db.execute(
            "SELECT f.kind, f.value, count(*), sum(s.clean) FROM sick s JOIN facts f ON f.bundle = s.bundle"
            " GROUP BY f.kind, f.value HAVING count(*) >= 2 ORDER BY f.kind, f.value"
        ):
            place = self._place.get((kind, value))
            if place is None or place in seen:
                continue
            seen.add(place)
            question = self._questions[place]
            sick, others = sides.known(kind)
            others_with = question.clean - of_clean
            numbers = (sick_with, sick, sick_with + others_with, sick + others)
            p = fisher_greater(*numbers)
            first, *alike = question.facts
            row = {
                "kind": first[0],
                "value": first[1],
                "alike": [{"kind": k, "value": v} for k, v in alike],
                "alike_more": question.count - len(question.facts),
                "sick_with": sick_with,
                "sick": sick,
                "others_with": others_with,
                "others": others,
                "lift": round(lift(*numbers), 3),
                "p": p,
            }
            yield p, row, FactAsked(first[0], first[1], sick_with, sick, p)


def weight(name: str) -> int:
    """Return 40 bits for a node, so that the sum over a set of nodes tells it from other sets."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=5).digest())


def _shares(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first rows, no kind having more than its share while another waits; in their order."""
    counts: Counter[str] = Counter()
    first: list[dict[str, Any]] = []
    later: list[dict[str, Any]] = []
    for row in rows:
        counts[row["kind"]] += 1
        (first if counts[row["kind"]] <= OF_A_KIND else later).append(row)
    kept = {id(row) for row in [*first, *later][:SHOWN]}
    return [row for row in rows if id(row) in kept]
