"""The JSON document that others rely on (schema_version 1); every list has a fixed order."""

from __future__ import annotations

from typing import Any

from analyzer.causes.model import Affected, Cause
from analyzer.checks.finding import Evidence, Finding, Subject
from analyzer.graph.relations import Relations
from analyzer.outlook.grading.captured import GradedCheck
from analyzer.outlook.model import Outlook
from analyzer.report.encode.json import json_text
from analyzer.report.model.analysis import Analysis
from analyzer.report.model.coverage import coverage
from analyzer.snapshot.store import Store
from analyzer.version import __version__

SCHEMA_VERSION = 1


def report_document(report: Analysis) -> dict[str, Any]:
    """Return the document; strings are valid Unicode, ids full, order fixed."""
    ids = report.finding_ids
    explained: dict[Finding, list[int]] = {}
    for cause in report.causes:
        for finding in cause.hypothesis.explains:
            explained.setdefault(finding, []).append(cause.rank)
    bundle = report.snapshot.bundle
    platform = report.platform
    whole: dict[str, Any] = cleaned(
        {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "analyzer", "version": __version__},
            "bundle": {
                "path": bundle.path,
                "sha256": bundle.sha256,
                "format": bundle.format,
                "layout": bundle.layout,
                "members": bundle.members,
                "bytes": bundle.bytes,
            },
            "coverage": coverage(report),
            "platform": {
                "os": platform.os or None,
                "architecture": platform.architecture or None,
                "variant": platform.variant or None,
                "source": platform.source or None,
            },
            "stores": [_store(store) for store in report.snapshot.stores],
            "verdict": report.verdict,
            "dangers": list(report.dangers),
            "causes": [_cause(cause, report.relations, ids) for cause in report.causes],
            "findings": [_finding(f, ids[f], explained.get(f, [])) for f in report.findings],
            "outlook": [_outlook(item, ids) for item in report.outlook],
            **({"check_outputs": [graded_check(each) for each in report.graded]} if report.graded else {}),
            **_policy(report, ids),
            **({"redacted": True} if report.redacted else {}),
            **({"custody": report.custody.to_dict()} if report.custody is not None else {}),
        }
    )
    return whole


def graded_check(check: GradedCheck) -> dict[str, Any]:
    """Return how the lines of an engine's check were graded, in numbers."""
    return {
        "path": check.path,
        "errors": len(check.graded),
        **check.counts,
        "false_alarms": check.false_alarms,
        "repair_deletes_in_vain": check.in_vain,
    }


def _policy(report: Analysis, ids: dict[Finding, str]) -> dict[str, Any]:
    """Return what the user's policy did to the findings, under `policy`; nothing where there is none."""
    checked = report.checked
    if not (checked.ignored or checked.gone is not None or checked.overridden):
        return {}
    ignored = [
        {
            "rule": finding.rule,
            "severity": finding.severity,
            "subject": _subject(finding.subject),
            "message": finding.message,
            "fingerprint": finding.fingerprint,
            "reason": reason,
        }
        for finding, reason in checked.ignored
    ]
    known = [ids[finding] for finding in report.findings if report.is_old(finding)]
    return {
        "policy": {
            "severities": dict(checked.overridden),
            "ignored": ignored,
            "known": known,
            "gone": checked.gone,
        }
    }


def _store(store: Store) -> dict[str, Any]:
    return {
        "root": store.root or ".",
        "role": store.role,
        "driver": store.driver,
        "backing_fs": store.backing_fs or None,
        "layers": len(store.layers),
        "images": len(store.images),
        "containers": len(store.containers),
    }


def _subject(subject: Subject) -> dict[str, Any]:
    return {"kind": subject.kind, "id": subject.id or None, "path": subject.path, "names": list(subject.names)}


def _evidence(evidence: Evidence) -> dict[str, Any]:
    where = evidence.where
    return {
        "path": where.path,
        "pointer": where.pointer or None,
        "offset": where.offset,
        "expected": evidence.expected,
        "observed": evidence.observed,
    }


def _finding(finding: Finding, finding_id: str, explained_by: list[int]) -> dict[str, Any]:
    return {
        "id": finding_id,
        "rule": finding.rule,
        "slug": finding.slug,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "subject": _subject(finding.subject),
        "message": finding.message,
        "evidence": [_evidence(e) for e in finding.evidence],
        "explained_by": explained_by,
        "fingerprint": finding.fingerprint,
    }


def _cause(cause: Cause, relations: tuple[Relations, ...], ids: dict[Finding, str]) -> dict[str, Any]:
    hypothesis = cause.hypothesis
    reasons = [
        {"text": f.message, "weight": round(weight, 2), "finding": ids[f]} for f, weight in hypothesis.explains.items()
    ]
    reasons += [{"text": r.text, "weight": r.weight, "finding": None} for r in hypothesis.reasons if r.weight > 0]
    reasons.sort(key=lambda r: -r["weight"])  # type: ignore[operator]
    order = sorted(hypothesis.explains, key=lambda f: int(ids[f][1:]))
    return {
        "rank": cause.rank,
        "id": cause.id,
        "title": hypothesis.title,
        "probability": cause.probability,
        "severity": cause.severity,
        "subjects": [_subject(s) for s in hypothesis.subjects],
        "explains": [ids[f] for f in order],
        "affected": affected(hypothesis.affected, relations),
        "because": reasons,
        "against": [{"text": r.text, "weight": r.weight} for r in hypothesis.reasons if r.weight < 0],
        "would_settle": list(hypothesis.would_settle),
        "plan": [
            {"step": n, "command": s.command, "effect": s.effect, "risk": s.risk, "after": s.after}
            for n, s in hypothesis.steps
        ],
    }


def affected(hit: Affected, relations: tuple[Relations, ...]) -> dict[str, Any]:
    """Return affected objects with their names, by id."""
    return {
        "layers": list(hit.layers),
        "images": [{"id": i, "names": list(image_names(i, relations))} for i in hit.images],
        "containers": [{"id": c, "name": container_name(c, relations)} for c in hit.containers],
    }


def image_names(image_id: str, relations: tuple[Relations, ...]) -> tuple[str, ...]:
    """Return the names of an image in whichever group of stores has any."""
    return next(filter(None, (rel.image_names(image_id) for rel in relations)), ())


def container_words(container_id: str, relations: tuple[Relations, ...]) -> str:
    """Return the name of a container for a sentence, `""` where no record gives one."""
    return next((rel.containers[container_id].words for rel in relations if container_id in rel.containers), "")


def container_name(container_id: str, relations: tuple[Relations, ...]) -> str:
    """Return the name of a container, `""` where no record gives one."""
    return next((rel.containers[container_id].name for rel in relations if container_id in rel.containers), "")


def _outlook(item: Outlook, ids: dict[Finding, str]) -> dict[str, Any]:
    return {
        "engine": item.engine,
        "version": item.version,
        "command": item.command,
        "works": item.works,
        "message": item.message,
        "deletes": item.deletes.to_dict() if item.deletes is not None else None,
        "because": [ids[f] for f in item.because if f in ids],
        "images": [{"id": image, "message": message} for image, message in item.images],
        **({"containers": [{"id": i, "message": said} for i, said in item.containers]} if item.containers else {}),
        "latent": item.latent,
        "supposing": item.supposing or None,
    }


def cleaned(value: Any) -> Any:
    """Return the value with every string made valid Unicode."""
    if isinstance(value, str):
        return json_text(value)
    if isinstance(value, dict):
        return {key: cleaned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    return value
