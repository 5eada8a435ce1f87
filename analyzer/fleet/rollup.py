"""The fleet in one document: verdicts, causes that nodes share, what sick nodes have in common, what to do first.

Made by SQL over the checkpoint, so that memory does not grow with the fleet; every list that could is cut, and says how
many more there are.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from analyzer.causes.family import builtin_families
from analyzer.checks.finding import RANK
from analyzer.fleet.association import Comparisons, weight
from analyzer.fleet.outliers import outliers
from analyzer.fleet.strip import strip
from analyzer.snapshot.times import format_time
from analyzer.version import __version__

SCHEMA_VERSION = 1
EXAMPLES, OBJECTS, LISTED, ORDER = 10, 10, 100, 50
NODES = 5_000
"""Nodes in the listing, the worst first."""
SEVERITY = "CASE c.severity " + " ".join(f"WHEN '{name}' THEN {rank}" for name, rank in RANK.items()) + " END"
ERROR = RANK["error"]


def rollup(db: sqlite3.Connection, *, pages: bool = False) -> dict[str, Any]:
    """Return the document of a fleet (`schema_version` 1), from the bundles that the run begun last names.

    Args:
        db: the checkpoint's.
        pages: whether each node's report was written as a page, too.
    """
    _prepare(db)
    families = _families(db)
    comparisons = Comparisons(db)
    compared = comparisons.of([family["cause"] for family in families])
    for family in families:
        family["compared"] = msgspec.to_builtins(compared[family["cause"]])
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "analyzer", "version": __version__},
        "pages": pages,
        "nodes": _counts(db),
        "listing": _listing(db),
        "action": _action(db, families),
        "causes": families,
        "comparisons": comparisons.asked,
        "order": _order(db),
        "strip": strip(db, [family["cause"] for family in families]),
        "outliers": outliers(db),
        "thin": _thin(db),
        "failed": _failed(db),
        "duplicates": _duplicates(db),
    }


def exit_code(db: sqlite3.Connection, fail_on: str) -> int:
    """Return the exit status of a batch; causes whose every finding is in the baseline do not count."""
    worst = db.execute(
        f"SELECT max({SEVERITY}) FROM causes c JOIN bundles b ON b.id = c.bundle WHERE b.current AND NOT c.known"  # noqa: S608
    ).fetchone()[0]
    if worst is not None and worst >= RANK[fail_on]:
        return 1
    whole, done, failed = db.execute(
        "SELECT coalesce(sum(n.complete), 0), count(*), coalesce(sum(n.status = 'failed'), 0)"
        " FROM nodes n JOIN bundles b ON b.id = n.bundle WHERE b.current"
    ).fetchone()
    if failed == done:
        return 3
    return 0 if whole == done else 4


def _prepare(db: sqlite3.Connection) -> None:
    """Make the temporary tables `here` (all nodes), `copies` and `usable` (fit for comparison; `clean`: undamaged)."""
    db.create_function("weight", 1, weight, deterministic=True)
    db.execute("PRAGMA temp_store = FILE")
    for table in ("here", "copies", "usable"):
        db.execute(f"DROP TABLE IF EXISTS temp.{table}")
    db.execute(
        "CREATE TEMP TABLE here AS SELECT b.id AS bundle, b.name AS node, n.sha256, n.status, n.verdict, n.thin"
        " FROM bundles b JOIN nodes n ON n.bundle = b.id WHERE b.current ORDER BY b.name"
    )
    db.execute("CREATE UNIQUE INDEX temp.by_here ON here (bundle)")
    db.execute("CREATE INDEX temp.by_sha ON here (sha256, node)")
    db.execute(
        "CREATE TEMP TABLE copies AS SELECT h.bundle, h.node, f.first AS original FROM here h JOIN"
        " (SELECT sha256, min(node) AS first FROM here WHERE sha256 IS NOT NULL GROUP BY sha256 HAVING count(*) > 1) f"
        " ON f.sha256 = h.sha256 WHERE h.node != f.first"
    )
    db.execute(
        "CREATE TEMP TABLE usable AS SELECT bundle, node, weight(node) AS weight,"  # noqa: S608  numbers are ours
        f" NOT EXISTS (SELECT 1 FROM causes c WHERE c.bundle = here.bundle AND {SEVERITY} >= {ERROR}) AS clean"
        " FROM here WHERE status = 'done' AND thin = '' AND bundle NOT IN (SELECT bundle FROM copies)"
    )
    db.execute("CREATE UNIQUE INDEX temp.by_usable ON usable (bundle)")


def _counts(db: sqlite3.Connection) -> dict[str, int]:
    counts = dict.fromkeys(("total", "healthy", "advisory", "damaged", "undetermined", "failed"), 0)
    for verdict, number in db.execute(
        "SELECT CASE status WHEN 'done' THEN verdict ELSE 'failed' END, count(*) FROM here GROUP BY 1"
    ):
        counts[verdict] = number
    counts["total"] = sum(counts.values())
    counts["thin"] = db.execute("SELECT count(*) FROM here WHERE status = 'done' AND thin != ''").fetchone()[0]
    counts["duplicates"] = db.execute("SELECT count(*) FROM copies").fetchone()[0]
    counts["compared"] = db.execute("SELECT count(*) FROM usable").fetchone()[0]
    return counts


def _listing(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return the nodes with their verdict and first cause: damaged ones first, then those that nobody could judge."""
    rows = db.execute(
        "SELECT h.node, CASE h.status WHEN 'done' THEN h.verdict ELSE 'failed' END AS state,"
        " n.first_cause, n.title, n.severity, n.probability, n.causes, n.layers, n.images, n.containers,"
        " n.newest, n.report, n.thin, n.reason FROM here h JOIN nodes n ON n.bundle = h.bundle"
        " ORDER BY CASE state WHEN 'damaged' THEN 0 WHEN 'failed' THEN 1 WHEN 'undetermined' THEN 2"
        " WHEN 'advisory' THEN 3 ELSE 4 END, h.node LIMIT ?",
        (NODES,),
    )
    names = (
        "node", "verdict", "cause", "title", "severity", "probability", "causes", "layers", "images", "containers",
        "newest", "report", "thin", "reason",
    )  # fmt: skip
    made = [dict(zip(names, row, strict=True)) for row in rows]
    return [{**row, "newest": format_time(row["newest"]) if row["newest"] is not None else ""} for row in made]


def _families(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return one item a cause family, that on most damaged nodes first."""
    rows = db.execute(
        f"SELECT c.cause, count(DISTINCT c.bundle), count(DISTINCT CASE WHEN {SEVERITY} >= {ERROR} THEN c.bundle END),"  # noqa: S608
        f" count(DISTINCT CASE WHEN c.rank = 1 THEN c.bundle END), max({SEVERITY}), max(c.probability),"
        " min(c.first), max(c.first), count(DISTINCT CASE WHEN c.first IS NOT NULL THEN c.bundle END),"
        " sum(c.images), sum(c.containers)"
        " FROM causes c JOIN here h ON h.bundle = c.bundle GROUP BY c.cause ORDER BY 3 DESC, 2 DESC, 5 DESC, 1"
    ).fetchall()
    words = {rank: name for name, rank in RANK.items()}
    meanings = {family.id: family.page.partition("\n")[0] for family in builtin_families()}
    made = []
    for cause, nodes, bad, first_on, severity, surest, earliest, latest, dated, images, containers in rows:
        groups, more = _groups(db, cause)
        made.append(
            {
                "cause": cause,
                "what": meanings.get(cause, ""),
                "nodes": nodes,
                "damaged": bad,
                "first_on": first_on,
                "severity": words[severity],
                "probability": surest,
                "images": images,
                "containers": containers,
                "earliest": _dated(db, cause, earliest),
                "latest": _dated(db, cause, latest),
                "dated": dated,
                "examples": _examples(db, cause),
                "objects": groups,
                "objects_more": more,
            }
        )
    return made


def _examples(db: sqlite3.Connection, cause: str) -> list[str]:
    rows = db.execute(
        "SELECT DISTINCT h.node FROM causes c JOIN here h ON h.bundle = c.bundle WHERE c.cause = ? ORDER BY 1 LIMIT ?",
        (cause, EXAMPLES),
    )
    return [row[0] for row in rows]


def _dated(db: sqlite3.Connection, cause: str, ns: int | None) -> dict[str, str] | None:
    if ns is None:
        return None
    node = db.execute(
        "SELECT min(h.node) FROM causes c JOIN here h ON h.bundle = c.bundle WHERE c.cause = ? AND c.first = ?",
        (cause, ns),
    ).fetchone()[0]
    return {"time": format_time(ns), "node": node}


def _groups(db: sqlite3.Connection, cause: str) -> tuple[list[dict[str, Any]], int]:
    """Return the objects that the family names on several nodes, and how many more there are."""
    found = db.execute(
        "SELECT c.fingerprint, count(DISTINCT c.bundle), min(c.kind), min(c.subject), min(c.title), min(h.node)"
        " FROM causes c JOIN here h ON h.bundle = c.bundle WHERE c.cause = ? GROUP BY c.fingerprint"
        " HAVING count(DISTINCT c.bundle) > 1 ORDER BY 2 DESC, 1 LIMIT ?",
        (cause, OBJECTS),
    ).fetchall()
    whole = db.execute(
        "SELECT count(*) FROM (SELECT 1 FROM causes c JOIN here h ON h.bundle = c.bundle WHERE c.cause = ?"
        " GROUP BY c.fingerprint HAVING count(DISTINCT c.bundle) > 1)",
        (cause,),
    ).fetchone()[0]
    names = ("fingerprint", "nodes", "kind", "subject", "title", "example")
    return [dict(zip(names, row, strict=True)) for row in found], whole - len(found)


def _action(db: sqlite3.Connection, families: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the family whose plan mends most nodes: first those that have no other cause at error or above."""
    best: tuple[int, int, str] | None = None
    for family in families:
        healed = db.execute(
            "SELECT count(*) FROM (SELECT c.bundle FROM causes c JOIN here h ON h.bundle = c.bundle"  # noqa: S608
            f" WHERE {SEVERITY} >= {ERROR} GROUP BY c.bundle HAVING min(c.cause) = ? AND max(c.cause) = ?)",
            (family["cause"], family["cause"]),
        ).fetchone()[0]
        family["heals"] = healed
        if family["damaged"] and (best is None or (healed, family["damaged"]) > best[:2]):
            best = (healed, family["damaged"], family["cause"])
    if best is None:
        return None
    healed, damaged, cause = best
    example = db.execute(
        "SELECT h.node, c.bundle, c.rank, c.title FROM causes c JOIN here h ON h.bundle = c.bundle WHERE c.cause = ?"  # noqa: S608
        f" AND {SEVERITY} >= {ERROR} ORDER BY c.probability DESC, h.node LIMIT 1",
        (cause,),
    ).fetchone()
    steps = db.execute(
        "SELECT command, effect, risk, after FROM plan WHERE bundle = ? AND rank = ? ORDER BY step", example[1:3]
    ).fetchall()
    kinds = db.execute(
        "SELECT count(DISTINCT commands) FROM (SELECT group_concat(p.command, char(10)) AS commands FROM plan p"
        " JOIN here h ON h.bundle = p.bundle WHERE p.cause = ? GROUP BY p.bundle, p.rank)",
        (cause,),
    ).fetchone()[0]
    return {
        "cause": cause,
        "heals": healed,
        "helps": damaged - healed,
        "example": {"node": example[0], "title": example[3]},
        "plans": kinds,
        "steps": [dict(zip(("command", "effect", "risk", "after"), step, strict=True)) for step in steps],
    }


def _order(db: sqlite3.Connection) -> list[dict[str, str]]:
    """Return when causes began on their nodes, the first in the fleet first."""
    rows = db.execute(
        "SELECT c.first, h.node, c.cause, c.title FROM causes c JOIN here h ON h.bundle = c.bundle"
        " WHERE c.first IS NOT NULL ORDER BY c.first, h.node, c.rank LIMIT ?",
        (ORDER,),
    )
    return [{"time": format_time(ns), "node": node, "cause": cause, "title": title} for ns, node, cause, title in rows]


def _thin(db: sqlite3.Connection) -> list[dict[str, str]]:
    rows = db.execute(
        "SELECT node, verdict, thin FROM here WHERE status = 'done' AND thin != '' ORDER BY node LIMIT ?", (LISTED,)
    )
    return [dict(zip(("node", "verdict", "because"), row, strict=True)) for row in rows]


def _failed(db: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT h.node, n.path, n.failure, n.reason, r.tries FROM here h JOIN nodes n ON n.bundle = h.bundle"
        " JOIN runs r ON r.bundle = h.bundle WHERE h.status = 'failed' ORDER BY h.node LIMIT ?",
        (LISTED,),
    )
    return [dict(zip(("node", "path", "failure", "reason", "tries"), row, strict=True)) for row in rows]


def _duplicates(db: sqlite3.Connection) -> list[dict[str, str]]:
    rows = db.execute("SELECT node, original FROM copies ORDER BY node LIMIT ?", (LISTED,))
    return [{"node": node, "of": original} for node, original in rows]
