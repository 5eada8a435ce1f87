"""The tables of a fleet: one name, columns and types for the checkpoint, the dataset and the frames.

Types are those of the frames: `string`, `int64`, `Int64` (with unknowns), `float64`, `Float64` (with unknowns), `bool`,
`datetime64[ns, UTC]`, and `object` for a list of text (of whole numbers where `WHOLE` says so). Every table starts with
`node`, the name that a bundle has in the fleet.
"""

from __future__ import annotations

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
    "rank": "int64",
    "cause": "string",
    "title": "string",
    "probability": "float64",
    "severity": "string",
    "kind": "string",
    "subject": "string",
    "path": "string",
    "images": "int64",
    "containers": "int64",
    "layers": "int64",
    "fingerprint": "string",
    "known": "bool",
    "first": "datetime64[ns, UTC]",
    "last": "datetime64[ns, UTC]",
    "findings": "object",
}
FINDINGS = {
    "id": "string",
    "rule": "string",
    "slug": "string",
    "severity": "string",
    "confidence": "string",
    "kind": "string",
    "subject": "string",
    "path": "string",
    "message": "string",
    "expected": "string",
    "observed": "string",
    "explained_by": "object",
    "fingerprint": "string",
}
AFFECTED = {"rank": "int64", "cause": "string", "kind": "string", "id": "string", "name": "string"}
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
EVENTS = {
    "time": "datetime64[ns, UTC]",
    "kind": "string",
    "event": "string",
    "id": "string",
    "name": "string",
    "path": "string",
    "bad": "bool",
}
FACTS = {"kind": "string", "value": "string"}
IMAGES = {
    "store": "string",
    "id": "string",
    "name": "string",
    "names": "object",
    "digest": "string",
    "layer": "string",
    "created": "datetime64[ns, UTC]",
}
LAYERS = {
    "store": "string",
    "id": "string",
    "parent": "string",
    "created": "datetime64[ns, UTC]",
    "diff_digest": "string",
    "diff_size": "Int64",
    "incomplete": "bool",
}
CONTAINERS = {
    "store": "string",
    "id": "string",
    "name": "string",
    "namespace": "string",
    "pod": "string",
    "container": "string",
    "attempt": "string",
    "sandbox": "bool",
    "image": "string",
    "layer": "string",
    "engine": "string",
    "created": "datetime64[ns, UTC]",
}
RUNS = {"seconds": "float64", "peak": "int64", "tries": "int64"}

TABLES = {
    name: {"node": "string", **columns}
    for name, columns in {
        "nodes": NODES,
        "causes": CAUSES,
        "findings": FINDINGS,
        "affected": AFFECTED,
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
