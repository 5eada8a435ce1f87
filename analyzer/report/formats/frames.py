"""Findings and causes as pandas DataFrames; ids join with the frames of `analyzer.snapshot.frames`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.checks.store_view import StoreView
from analyzer.graph.usage import usage
from analyzer.outlook.timeline import timeline
from analyzer.report.formats.document import report_document
from analyzer.report.views.timeline import rows as event_rows
from analyzer.snapshot.frames import frame, in_range
from analyzer.verify.facts import FACETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from analyzer.graph.relations import Relations
    from analyzer.report.model.analysis import Analysis
    from analyzer.snapshot.store import Store

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
    "id": "string",
    "title": "string",
    "probability": "float64",
    "severity": "string",
    "kind": "string",
    "subject": "string",
    "path": "string",
    "images": "int64",
    "containers": "int64",
    "findings": "object",
}

TEXTS = ("id", "name", "behaviour")
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
CHANGES = {
    "store": "string",
    "layer": "string",
    "name": "string",
    "what": "string",
    "kind": "string",
    "expected": "string",
    "observed": "string",
    "mtime": "datetime64[ns, UTC]",
    "recorded_mtime": "datetime64[ns, UTC]",
    "size": "Int64",
    "note": "string",
    "path": "string",
}
SPACE = {
    "store": "string",
    "id": "string",
    "name": "string",
    "names": "object",
    "shared": "Int64",
    "unique": "Int64",
    "big_data": "Int64",
    "frees": "Int64",
    "containers": "int64",
    "unknown_layers": "int64",
}
BUNDLES = {
    "bundle": "string",
    "path": "string",
    "verdict": "string",
    "complete": "bool",
    "layers": "int64",
    "images": "int64",
    "containers": "int64",
    "findings": "int64",
    "causes": "int64",
    "first_cause": "string",
    "probability": "Float64",
    "title": "string",
    "error": "string",
}


def findings(report: Analysis) -> pd.DataFrame:
    """Return one row per finding in report order; `subject` is an id, or a path for a file."""
    return findings_of(report_document(report))


def findings_of(document: Mapping[str, Any]) -> pd.DataFrame:
    """Return the findings of a report document."""
    return frame(
        (
            {
                "id": item["id"],
                "rule": item["rule"],
                "slug": item["slug"],
                "severity": item["severity"],
                "confidence": item["confidence"],
                "kind": item["subject"]["kind"],
                "subject": item["subject"]["id"] or item["subject"]["path"],
                "path": item["subject"]["path"],
                "message": item["message"],
                "expected": item["evidence"][0]["expected"],
                "observed": item["evidence"][0]["observed"],
                "explained_by": tuple(item["explained_by"]),
                "fingerprint": item["fingerprint"],
            }
            for item in document["findings"]
        ),
        FINDINGS,
    )


def causes(report: Analysis) -> pd.DataFrame:
    """Return one row per cause by rank; `images` and `containers` count what it hits."""
    return causes_of(report_document(report))


def causes_of(document: Mapping[str, Any]) -> pd.DataFrame:
    """Return the causes of a report document."""
    return frame(
        (
            {
                "rank": item["rank"],
                "id": item["id"],
                "title": item["title"],
                "probability": item["probability"],
                "severity": item["severity"],
                "kind": item["subjects"][0]["kind"],
                "subject": item["subjects"][0]["id"] or item["subjects"][0]["path"],
                "path": item["subjects"][0]["path"],
                "images": len(item["affected"]["images"]),
                "containers": len(item["affected"]["containers"]),
                "findings": tuple(item["explains"]),
            }
            for item in document["causes"]
        ),
        CAUSES,
    )


def affected_of(document: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row per object that a cause breaks: images, containers, then layers of each cause by rank."""
    return frame((row for cause in document["causes"] for row in _affected(cause)), AFFECTED)


def _affected(cause: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    hit = cause["affected"]
    common = {"rank": cause["rank"], "cause": cause["id"]}
    for image in hit["images"]:
        yield {**common, "kind": "image", "id": image["id"], "name": ", ".join(image["names"])}
    for container in hit["containers"]:
        yield {**common, "kind": "container", "id": container["id"], "name": container["name"]}
    for layer_id in hit["layers"]:
        yield {**common, "kind": "layer", "id": layer_id, "name": ""}


def changes(report: Analysis) -> pd.DataFrame:
    """Return one row per way in which a file is not as its layer's own description has it.

    The description is the layer's tar-split or its table of contents. Of each kind of difference the first thousand of
    a layer are listed.
    """
    stores = ((rel, store) for rel in report.relations for store in rel.stores)
    return frame((row for rel, store in stores for row in _changes(report, rel, store)), CHANGES)


def _changes(report: Analysis, rel: Relations, store: Store) -> Iterator[dict[str, Any]]:
    contents = StoreView(report.snapshot, store, rel, platform=report.platform).contents
    for layer_id, facts in contents.items():
        for difference in facts.of(*FACETS):
            yield {
                "store": store.root or ".",
                "layer": layer_id,
                "name": difference.path,
                "what": difference.facet,
                "kind": difference.kind,
                "expected": difference.expected,
                "observed": difference.observed,
                "mtime": in_range(difference.mtime_ns),
                "recorded_mtime": in_range(difference.recorded_ns),
                "size": difference.size,
                "note": difference.note,
                "path": f"{facts.diff}/{difference.path}",
            }


def events(report: Analysis) -> pd.DataFrame:
    """Return one row per event of the time line, oldest first: what `analyzer timeline` prints."""
    line = timeline(report.snapshot, report.findings)
    told = ({**row, **{name: row[name] or "" for name in TEXTS}, "time": row["ns"]} for row in event_rows(line, report))
    return frame(told, EVENTS)


def image_space(report: Analysis) -> pd.DataFrame:
    """Return the bytes of each image, largest first: the numbers of `analyzer du`."""
    rows = [
        {
            "store": rel.stores[0].root or ".",
            "id": image.id,
            "name": image.names[0] if image.names else "",
            "names": image.names,
            "shared": image.shared,
            "unique": image.unique,
            "big_data": image.big_data,
            "frees": image.frees,
            "containers": len(image.containers),
            "unknown_layers": len(image.unknown),
        }
        for rel in report.relations
        for image in usage(report.snapshot, rel).images
    ]
    return frame(sorted(rows, key=_size), SPACE)


def _size(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return -row["shared"] - row["unique"] - row["big_data"], row["names"], row["id"]


def bundles(documents: Mapping[str, Mapping[str, Any]], failed: Mapping[str, str]) -> pd.DataFrame:
    """Return one row per bundle of a fleet; one that could not be read has its `error` and nothing else."""
    rows = [_bundle(name, document) for name, document in documents.items()]
    blank = dict.fromkeys(("layers", "images", "containers", "findings", "causes"), 0)
    for name, error in failed.items():
        texts = {"path": "", "verdict": "undetermined", "first_cause": "", "title": ""}
        rows.append({"bundle": name, **texts, **blank, "complete": False, "probability": None, "error": error})
    return frame(rows, BUNDLES)


def _bundle(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    first = document["causes"][0] if document["causes"] else None
    return {
        "bundle": name,
        "path": document["bundle"]["path"],
        "verdict": document["verdict"],
        "complete": document["coverage"]["complete"],
        **{part: sum(store[part] for store in document["stores"]) for part in ("layers", "images", "containers")},
        "findings": len(document["findings"]),
        "causes": len(document["causes"]),
        "first_cause": first["id"] if first else "",
        "probability": first["probability"] if first else None,
        "title": first["title"] if first else "",
        "error": "",
    }
