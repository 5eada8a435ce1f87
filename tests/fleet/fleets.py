"""A checkpoint filled by hand: nodes with causes and facts, and nothing read from any bundle."""

from __future__ import annotations

from analyzer.fleet.checkpoint import Checkpoint
from analyzer.fleet.rows import failed_row, ordered
from analyzer.fleet.task import DONE, FAILED, Outcome, Task

CAUSE = {
    "rank": 1,
    "cause": "unclean-shutdown",
    "title": "a layer never reached the disk",
    "probability": 0.9,
    "severity": "error",
    "kind": "layer",
    "subject": "ab" * 32,
    "path": "storage/overlay/ab",
    "images": 1,
    "containers": 0,
    "layers": 1,
    "fingerprint": "1" * 16,
    "known": False,
    "first": None,
    "last": None,
    "findings": ["F1"],
}


class ByHand:
    """Nodes are added one by one; `db` is what the roll-up works on."""

    def __init__(self) -> None:
        self._checkpoint = Checkpoint(":memory:")
        self._names: list[tuple[str, str]] = []

    def __del__(self) -> None:
        self._checkpoint.close()

    @property
    def db(self):
        return self._checkpoint.db

    def add(self, name, causes=(), facts=(), plan=(), failed="", **node):
        """Add a node.

        Args:
            causes: dictionaries that differ from `CAUSE` in some columns.
            facts: (kind, value) pairs.
            plan: dictionaries of steps.
            failed: kind of failure.
            node: columns of `nodes`.
        """
        key = f"{len(self._names):032x}"
        self._names.append((key, name))
        self._checkpoint.begin(self._names)
        bad = any(cause.get("severity", "error") in ("error", "critical") for cause in causes)
        row = failed_row(f"/{name}", None, failed, "told", "0")
        if not failed:
            row |= {"status": "done", "verdict": "damaged" if bad else "healthy", "thin": "", "complete": True}
        row |= node
        step = {
            "rank": 1,
            "cause": "unclean-shutdown",
            "step": 1,
            "command": "",
            "effect": "",
            "risk": "none",
            "after": "",
        }
        rows = {
            "nodes": ordered("nodes", [row]),
            "causes": ordered("causes", [{**CAUSE, **cause} for cause in causes]),
            "facts": [list(fact) for fact in facts],
            "plan": ordered("plan", [{**step, **each} for each in plan]),
        }
        outcome = Outcome(key, FAILED if failed else DONE, failed, sha256=row["sha256"])
        self._checkpoint.keep(Task(key, name, f"/{name}"), outcome, rows, options="", identity=None, report="")
        return self
