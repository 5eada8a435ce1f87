"""Damage over time: for each cause, on how many nodes it began in each step between the first and the last time."""

from __future__ import annotations

import sqlite3
from typing import Any

from analyzer.snapshot.times import format_time

STEPS = 60
EDGE = 0.02
"""Share of the times at either end that does not stretch the strip: clocks never set, copies without times."""


def strip(db: sqlite3.Connection, families: list[str]) -> dict[str, Any] | None:
    """Return the strip, None where fewer than two times are known; needs the temporary tables of `rollup`.

    Returns:
        `start`, `end`, `steps`, `lanes` (`cause`, `counts` of nodes by step, `outside` the strip).
    """
    total = db.execute(f"SELECT count(*) {DATED}").fetchone()[0]
    cut = int(total * EDGE)
    ends = [
        db.execute(f"SELECT c.first {DATED} ORDER BY c.first {way} LIMIT 1 OFFSET ?", (cut,)).fetchone()
        for way in ("ASC", "DESC")
    ]
    if total < 2 or ends[0][0] >= ends[1][0]:
        return None
    start, end = ends[0][0], ends[1][0]
    lanes = {family: [0] * STEPS for family in families}
    outside = dict.fromkeys(families, 0)
    rows = db.execute(
        f"SELECT c.cause, min(c.first) {DATED} GROUP BY c.cause, c.bundle",  # the first of a family on each node
    )
    for cause, first in rows:
        if start <= first <= end:
            lanes[cause][min((first - start) * STEPS // (end - start), STEPS - 1)] += 1
        else:
            outside[cause] += 1
    return {
        "start": format_time(start),
        "end": format_time(end),
        "steps": STEPS,
        "lanes": [
            {"cause": cause, "counts": counts, "outside": outside[cause]}
            for cause, counts in lanes.items()
            if any(counts) or outside[cause]
        ],
    }


DATED = "FROM causes c JOIN here h ON h.bundle = c.bundle WHERE c.first IS NOT NULL"
