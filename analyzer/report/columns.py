"""Columns and types of the tables of what was found, and the rows of a report's document for them.

Types as in `analyzer.snapshot.columns`. Frames, exports and the dataset of a fleet are made of the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
    "findings": "object",
}

EVENTS = {
    "time": "datetime64[ns, UTC]",
    "kind": "string",
    "event": "string",
    "id": "string",
    "name": "string",
    "path": "string",
    "line": "Int64",
    "bad": "bool",
    "findings": "object",
    "behaviour": "string",
    "zone_known": "bool",
}
AFFECTED = {
    "rank": "int64",
    "cause": "string",
    "kind": "string",
    "id": "string",
    "name": "string",
}


def finding_rows(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the findings of a report document; `subject` is an id, or a path for a file."""
    for item in document["findings"]:
        subject, evidence = item["subject"], item["evidence"][0]
        yield {
            **{name: item[name] for name in ("id", "rule", "slug", "severity", "confidence", "message", "fingerprint")},
            "kind": subject["kind"],
            "subject": subject["id"] or subject["path"],
            "path": subject["path"],
            "expected": evidence["expected"],
            "observed": evidence["observed"],
            "explained_by": tuple(item["explained_by"]),
        }


def cause_rows(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the causes of a report document, by rank; `images`, `containers` and `layers` count what one breaks."""
    for item in document["causes"]:
        subject, hit = item["subjects"][0], item["affected"]
        yield {
            "rank": item["rank"],
            "cause": item["id"],
            "title": item["title"],
            "probability": item["probability"],
            "severity": item["severity"],
            "kind": subject["kind"],
            "subject": subject["id"] or subject["path"],
            "path": subject["path"],
            **{part: len(hit[part]) for part in ("images", "containers", "layers")},
            "findings": tuple(item["explains"]),
        }


def affected_rows(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what the causes of a report document break: images, containers, then layers of each cause by rank."""
    for cause in document["causes"]:
        hit, common = cause["affected"], {"rank": cause["rank"], "cause": cause["id"]}
        for image in hit["images"]:
            yield {**common, "kind": "image", "id": image["id"], "name": image["names"][0] if image["names"] else ""}
        for container in hit["containers"]:
            yield {**common, "kind": "container", "id": container["id"], "name": container["name"]}
        for layer_id in hit["layers"]:
            yield {**common, "kind": "layer", "id": layer_id, "name": ""}
