"""Findings and causes of both captures: what was found before, is found now, or could not be looked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from analyzer.causes.model import Cause
from analyzer.checks.finding import Finding
from analyzer.compare.coverage import unlooked
from analyzer.compare.match import absent, differing
from analyzer.compare.model import CAUSE, CHANGED, FINDING, NOT_SEEN, SAME, A, B, Change, ComparedItem, JudgedCapture
from analyzer.compare.pairs import Pair
from analyzer.graph.relations import Relations

SEVERITY, SURE = "severity", "confidence"


def finding_changes(a: JudgedCapture, b: JudgedCapture, groups: Sequence[Pair]) -> Iterator[Change]:
    """Yield findings, matched by what identifies them when a node is captured again.

    Args:
        a: the first capture.
        b: the second capture.
        groups: which group of stores of `a` is which of `b`.
    """
    first, second = _findings(a), _findings(b)
    turned = [(after, before) for before, after in groups]
    for key, finding in first.items():
        item, other = _finding(key, finding), second.get(key)
        if other is not None:
            twin = _finding(key, other)
            facts = tuple(differing(item.facts, twin.facts))
            yield Change(FINDING, CHANGED if facts else SAME, item, twin, finding.root or ".", facts)
        else:
            yield absent(FINDING, item, B, unlooked(finding, b, _other(finding, groups)), finding.root or ".")
    for key, finding in second.items():
        if key not in first:
            why = unlooked(finding, a, _other(finding, turned))
            yield absent(FINDING, _finding(key, finding), A, why, finding.root or ".")


def _other(finding: Finding, groups: Sequence[Pair]) -> Relations | None:
    """Return the group of the other capture that a finding's store would be in."""
    for own, other in groups:
        if own is not None and any((s.root, s.driver) == (finding.root, finding.driver) for s in own.stores):
            return other
    return None


def _findings(side: JudgedCapture) -> dict[str, Finding]:
    """Return findings by fingerprint; several of one fingerprint are told apart by a number."""
    counts: Counter[str] = Counter()
    found: dict[str, Finding] = {}
    for finding in side.checked.findings:
        counts[finding.fingerprint] += 1
        number = counts[finding.fingerprint]
        found[finding.fingerprint + (f"-{number}" if number > 1 else "")] = finding
    return found


def _finding(key: str, finding: Finding) -> ComparedItem:
    subject = finding.subject
    facts = {SEVERITY: finding.severity, SURE: finding.confidence}
    return ComparedItem(key, subject.id, f"{finding.rule} {finding.message}", facts, subject.path)


def cause_changes(a: JudgedCapture, b: JudgedCapture, findings: tuple[Change, ...]) -> Iterator[Change]:
    """Yield causes, matched by family and by what they are about.

    Args:
        a: the first capture.
        b: the second capture.
        findings: from `finding_changes`: a cause whose findings could not be looked for is not gone.
    """
    hidden = {(c.unseen, c.item.key): c.because for c in findings if c.state == NOT_SEEN}
    first, second = causes_by_key(a), causes_by_key(b)
    for key, cause in first.items():
        item, other = _cause(key, cause), second.get(key)
        if other is not None:
            twin = _cause(key, other)
            facts = tuple(differing(item.facts, twin.facts))
            yield Change(CAUSE, CHANGED if facts else SAME, item, twin, facts=facts)
        else:
            yield absent(CAUSE, item, B, _why(cause, B, hidden))
    for key, cause in second.items():
        if key not in first:
            yield absent(CAUSE, _cause(key, cause), A, _why(cause, A, hidden))


def causes_by_key(side: JudgedCapture) -> dict[str, Cause]:
    """Return the causes of a capture by what identifies them; the best of several about one object counts."""
    found: dict[str, Cause] = {}
    for cause in side.causes:
        found.setdefault(cause_key(cause), cause)
    return found


def cause_key(cause: Cause) -> str:
    """Return what identifies a cause when a node is captured again: its family and the object to look at first."""
    subject = cause.hypothesis.subjects[0]
    return f"{cause.id} {subject.id or subject.path.rpartition('/')[2]}"


def _cause(key: str, cause: Cause) -> ComparedItem:
    subject = cause.hypothesis.subjects[0]
    hit = cause.hypothesis.affected
    facts = {
        SEVERITY: cause.severity,
        "images": str(len(hit.images)),
        "containers": str(len(hit.containers)),
    }
    return ComparedItem(key, subject.id, cause.hypothesis.title, facts, subject.path)


def _why(cause: Cause, side: str, hidden: dict[tuple[str, str], str]) -> str:
    """Return why a capture cannot show a cause: every finding it explains could not be looked for there."""
    reasons = [hidden.get((side, finding.fingerprint), "") for finding in cause.hypothesis.explains]
    return reasons[0] if reasons and all(reasons) else ""
