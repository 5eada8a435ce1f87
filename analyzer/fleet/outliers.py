"""Nodes unlike the others: a cause that no other node has, and stores far larger or smaller than usual."""

from __future__ import annotations

import sqlite3
from typing import Any

MEASURES = ("layers", "images", "containers")
FEWEST = 20
"""Nodes below which no size is called unusual."""
FAR = 5.0
"""Distance from the median, in standard deviations as the median of all distances gives them."""
SPREAD = 1.4826
"""Standard deviation of a normal distribution, in medians of the distance from its middle."""
FEW = 0.05
"""Share of the nodes that may be far from the middle; where more are, there are several usual sizes and no outliers."""
LISTED = 50


def outliers(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return unusual nodes, each with why; needs the temporary tables of `analyzer.fleet.rollup`."""
    return [*_alone(db), *_sizes(db)][:LISTED]


def _alone(db: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT min(h.node), c.cause, min(c.title) FROM causes c JOIN here h ON h.bundle = c.bundle"
        " WHERE c.severity IN ('error', 'critical') GROUP BY c.cause HAVING count(DISTINCT c.bundle) = 1 ORDER BY 1, 2"
    ).fetchall()
    total = db.execute("SELECT count(*) FROM here WHERE status = 'done'").fetchone()[0]
    if total < FEWEST:
        return []
    return [
        {"node": node, "why": "only node with this cause", "what": cause, "title": title} for node, cause, title in rows
    ]


def _sizes(db: sqlite3.Connection) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    total = db.execute("SELECT count(*) FROM usable").fetchone()[0]
    if total < FEWEST:
        return made
    for measure in MEASURES:
        middle = _median(db, f"n.{measure}", total)
        spread = _median(db, f"abs(n.{measure} - {middle})", total) * SPREAD
        limit = FAR * max(spread, 1.0, middle * 0.05)
        beyond = f"usable u JOIN nodes n ON n.bundle = u.bundle WHERE abs(n.{measure} - ?) > ?"
        count = db.execute(f"SELECT count(*) FROM {beyond}", (middle, limit)).fetchone()[0]  # noqa: S608  names are ours
        if count > max(1, total * FEW):
            continue
        rows = db.execute(
            f"SELECT u.node, n.{measure} FROM {beyond} ORDER BY abs(n.{measure} - ?) DESC, u.node LIMIT ?",  # noqa: S608
            (middle, limit, middle, LISTED),
        )
        made += [
            {
                "node": node,
                "why": f"unusual number of {measure}",
                "what": f"{value:,}, usual {middle:,.0f}",
                "title": "",
            }
            for node, value in rows
        ]
    return made


def _median(db: sqlite3.Connection, term: str, total: int) -> float:
    rows = db.execute(
        f"SELECT {term} AS x FROM usable u JOIN nodes n ON n.bundle = u.bundle ORDER BY x LIMIT ? OFFSET ?",  # noqa: S608
        (2 - total % 2, (total - 1) // 2),
    ).fetchall()
    return float(sum(row[0] for row in rows)) / len(rows)
