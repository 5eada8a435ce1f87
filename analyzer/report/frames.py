"""Findings and causes as pandas DataFrames; ids join with the frames of `analyzer.snapshot.frames`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.snapshot.frames import frame

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.report.report import Report

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


def findings(report: Report) -> pd.DataFrame:
    """Return one row per finding in report order; `subject` is an id, or a path for a file."""
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
            for item in report.to_dict()["findings"]
        ),
        FINDINGS,
    )


def causes(report: Report) -> pd.DataFrame:
    """Return one row per cause by rank; `images` and `containers` count what it hits."""
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
            for item in report.to_dict()["causes"]
        ),
        CAUSES,
    )
