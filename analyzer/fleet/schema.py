"""The tables of a fleet: one name, columns and types for the checkpoint, the dataset and the frames.

Types are those of the frames: `string`, `int64`, `Int64` (with unknowns), `float64`, `Float64` (with unknowns), `bool`,
`datetime64[ns, UTC]`, and `object` for a list of text (of whole numbers where `WHOLE` says so). Every table starts with
`node`, the name that a bundle has in the fleet.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.report import columns
from analyzer.snapshot import columns as records


def _of(table: Mapping[str, str], *names: str) -> dict[str, str]:
    """Return some columns of a table."""
    return {name: table[name] for name in names}


NODES = {
    "path": "string",
    "sha256": "string",
    "status": "string",
    "failure": "string",
    "reason": "string",
    "verdict": "string",
    "thin": "string",
    "complete": "bool",
    "depth": "string",
    "content": "string",
    "xattrs": "string",
    "losses": "int64",
    "checks": "int64",
    "skipped": "int64",
    "format": "string",
    "layout": "string",
    "members": "int64",
    "bytes": "int64",
    "platform": "string",
    "driver": "string",
    "backing_fs": "string",
    "crio": "string",
    "podman": "string",
    "kernel": "string",
    "os": "string",
    "layers": "int64",
    "images": "int64",
    "containers": "int64",
    "findings": "int64",
    "causes": "int64",
    "first_cause": "string",
    "severity": "string",
    "probability": "Float64",
    "title": "string",
    "newest": "datetime64[ns, UTC]",
    "first_bad": "datetime64[ns, UTC]",
    "first_bad_event": "string",
    "report": "string",
    "tool": "string",
}
CAUSES = {
    **{name: kind for name, kind in columns.CAUSES.items() if name != "findings"},
    "fingerprint": "string",
    "known": "bool",
    "first": "datetime64[ns, UTC]",
    "last": "datetime64[ns, UTC]",
    "findings": "object",
}
PLAN = {
    "rank": "int64",
    "cause": "string",
    "step": "int64",
    "command": "string",
    "effect": "string",
    "risk": "string",
    "after": "string",
}
COVERAGE = {"kind": "string", "what": "string", "place": "string"}
EVENTS = _of(columns.EVENTS, "time", "kind", "event", "id", "name", "path", "bad")
FACTS = {"kind": "string", "value": "string"}
IMAGES = _of(records.IMAGES, "store", "id", "name", "names", "digest", "layer", "created")
LAYERS = _of(records.LAYERS, "store", "id", "parent", "created", "diff_digest", "diff_size", "incomplete")
CONTAINERS = {
    name: kind
    for name, kind in records.CONTAINERS.items()
    if name not in ("size", "volatile", "state", "path", "pointer")
}
RUNS = {"seconds": "float64", "peak": "int64", "tries": "int64"}

TABLES = {
    name: {"node": "string", **columns}
    for name, columns in {
        "nodes": NODES,
        "causes": CAUSES,
        "findings": columns.FINDINGS,
        "affected": columns.AFFECTED,
        "plan": PLAN,
        "coverage": COVERAGE,
        "events": EVENTS,
        "facts": FACTS,
        "images": IMAGES,
        "layers": LAYERS,
        "containers": CONTAINERS,
        "runs": RUNS,
    }.items()
}
WHOLE = frozenset({("findings", "explained_by")})
"""Columns of lists whose items are whole numbers."""
