"""The report as SARIF 2.1.0: one run, one result a finding, places as member paths relative to the bundle."""

from __future__ import annotations

from typing import Any

from analyzer.checks.finding import Evidence, Finding, Subject
from analyzer.checks.plugins import known_rules
from analyzer.checks.rule import Rule
from analyzer.report.encode.json import json_document
from analyzer.report.encode.sarif import sarif_text, uri_path
from analyzer.report.encode.text import inert
from analyzer.report.model.analysis import Analysis
from analyzer.report.model.coverage import content, xattrs
from analyzer.report.pages import page_markdown, page_text, page_title
from analyzer.version import __version__

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"critical": "error", "error": "error", "warning": "warning", "info": "note"}
PRECISION = {"high": "very-high", "medium": "medium", "low": "low"}
BUNDLE = "BUNDLE"


def render(report: Analysis) -> str:
    """Return the log as ASCII JSON with two spaces; the same bundle gives the same bytes."""
    return json_document(log(report))


def log(report: Analysis) -> dict[str, Any]:
    """Return the SARIF log as data."""
    ignored = report.checked.ignored
    spoke = {finding.rule for finding in (*report.findings, *(finding for finding, _ in ignored))}
    rules = [rule for rule in known_rules() if rule.id in spoke]
    index = {rule.id: number for number, rule in enumerate(rules)}
    bundle = report.snapshot.bundle
    artifact: dict[str, Any] = {
        "location": {"description": {"text": f"the bundle {sarif_text(bundle.path)}"}},
        "roles": ["analysisTarget"],
    }
    if bundle.sha256:
        artifact["hashes"] = {"sha-256": bundle.sha256}
    run = {
        "tool": {
            "driver": {
                "name": "analyzer",
                "semanticVersion": __version__,
                "version": __version__,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {BUNDLE: {"description": {"text": "the top of the bundle; its members lie below"}}},
        "artifacts": [artifact],
        "invocations": [_invocation(report)],
        "results": [
            *(_reported(report, finding, finding_id, index) for finding, finding_id in report.finding_ids.items()),
            *(_suppressed(report, finding, reason, index) for finding, reason in ignored),
        ],
        "properties": _properties(report),
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.slug.split("-")),
        "shortDescription": {"text": sarif_text(page_title(rule.page))},
        "help": {"text": sarif_text(page_text(rule.page)), "markdown": page_markdown(rule.page)},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"tags": ["containers-storage", rule.group], "severity": rule.severity},
    }


def _reported(report: Analysis, finding: Finding, finding_id: str, index: dict[str, int]) -> dict[str, Any]:
    result = _result(report, finding, index)
    result["properties"] = {"id": finding_id, **result["properties"]}
    if report.checked.gone is not None:
        result["baselineState"] = "unchanged" if report.is_old(finding) else "new"
    if report.checked.ignored:
        result["suppressions"] = []
    return result


def _suppressed(report: Analysis, finding: Finding, reason: str, index: dict[str, int]) -> dict[str, Any]:
    """Return a finding that the user's configuration leaves out, with the reason given there."""
    result = _result(report, finding, index)
    result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": inert(reason)}]
    return result


def _result(report: Analysis, finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    first, *others = finding.evidence
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": LEVELS[finding.severity],
        "kind": "fail" if finding.severity != "info" else "informational",
        "message": {"text": sarif_text(finding.message)},
        "locations": [_location(first, finding.subject)],
        "partialFingerprints": {"analyzer/v1": finding.fingerprint},
        "properties": {
            "severity": finding.severity,
            "confidence": finding.confidence,
            "precision": PRECISION[finding.confidence],
            "subject": inert(finding.subject.id or finding.subject.path),
            "explainedBy": [cause.rank for cause in report.causes if finding in cause.hypothesis.explains],
        },
    }
    if finding.rule in index:
        result["ruleIndex"] = index[finding.rule]
    if finding.severity == "info":
        result["level"] = "none"
    if others:
        result["relatedLocations"] = [{"id": n, **_location(e, finding.subject)} for n, e in enumerate(others, 1)]
    return result


def _location(evidence: Evidence, subject: Subject) -> dict[str, Any]:
    where = evidence.where
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri_path(where.path) or ".", "uriBaseId": BUNDLE}}
    if where.pointer and where.offset >= 0:
        physical["region"] = {"byteOffset": where.offset, "byteLength": 0}
    logical = [{"kind": subject.kind, "fullyQualifiedName": inert(subject.id or subject.path or ".")}]
    if where.pointer:
        logical.append({"kind": "json-pointer", "fullyQualifiedName": inert(where.pointer)})
    said = f"expected {evidence.expected}, found {evidence.observed}"
    return {"physicalLocation": physical, "logicalLocations": logical, "message": {"text": sarif_text(said)}}


def _invocation(report: Analysis) -> dict[str, Any]:
    notes: list[dict[str, Any]] = [
        {
            "level": "warning",
            "descriptor": {"id": "not-read"},
            "message": {"text": sarif_text(loss.what)},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": uri_path(loss.where) or ".", "uriBaseId": BUNDLE},
                        "region": {"byteOffset": max(loss.offset, 0), "byteLength": 0},
                    }
                }
            ],
        }
        for loss in report.losses
    ]
    notes += [
        {
            "level": "error" if rule in report.checked.failed else "note",
            "descriptor": {"id": "check-skipped"},
            "associatedRule": {"id": rule},
            "message": {"text": sarif_text(f"{rule} was skipped: {reason}")},
        }
        for rule, reason in report.checked.skipped
    ]
    notes = [
        {"level": "error", "descriptor": {"id": "danger"}, "message": {"text": sarif_text(danger)}}
        for danger in report.dangers
    ] + notes
    return {"executionSuccessful": report.complete, "toolExecutionNotifications": notes}


def _properties(report: Analysis) -> dict[str, Any]:
    snapshot, platform = report.snapshot, report.platform
    return {
        "verdict": report.verdict,
        "redacted": report.redacted,
        "policy": report.policy,
        "depth": snapshot.depth,
        "content": content(snapshot),
        "xattrs": xattrs(snapshot),
        "platform": inert(platform.name),
        "causes": [
            {
                "rank": cause.rank,
                "id": cause.id,
                "title": inert(cause.hypothesis.title),
                "probability": cause.probability,
                "severity": cause.severity,
            }
            for cause in report.causes
        ],
    }
