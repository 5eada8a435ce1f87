"""A comparison as one JSON value; every list has a fixed order."""

from __future__ import annotations

from typing import Any

from analyzer.causes.model import Cause
from analyzer.compare.findings import causes_by_key
from analyzer.compare.model import (
    CAUSE,
    CHANGED,
    FILE,
    IMAGE_DATA,
    KINDS,
    NAME,
    SAME,
    STATES,
    Account,
    Change,
    ComparedItem,
    Comparison,
    JudgedCapture,
)
from analyzer.compare.objects import Changed, changed_objects
from analyzer.outlook.timeline import timeline
from analyzer.report.compared.words import PART
from analyzer.report.formats.document import cleaned
from analyzer.snapshot.times import format_time
from analyzer.version import __version__
from analyzer.words import plural

VERSION = 1
DATA = {"manifest-": "manifest by digest", "signature-": "signatures"}


def document(comparison: Comparison) -> dict[str, Any]:
    """Return what differs and what was not seen; things that are the same are counted in `summary`."""
    counts = comparison.counts
    told = {id(account.cause): account for account in comparison.accounts}
    known = [causes_by_key(side) for side in (comparison.a, comparison.b)]
    whole: dict[str, Any] = cleaned(
        {
            "diff_version": VERSION,
            "tool": {"name": "analyzer", "version": __version__},
            "a": _side(comparison.a),
            "b": _side(comparison.b),
            "same_store": comparison.same_store,
            "summary": {
                kind: {state: counts.get((kind, state), 0) for state in STATES}
                for kind in KINDS
                if any(counts.get((kind, state)) for state in STATES)
            },
            "causes": [_cause(change, told.get(id(change)), known) for change in comparison.of(CAUSE)],
            "objects": [_object(each) for each in changed_objects(comparison)],
            "changes": [_change(change) for change in comparison.changes if change.state != SAME],
            "not_compared": [{"kind": gap.kind, "side": gap.side, "because": gap.because} for gap in comparison.gaps],
        }
    )
    return whole


def _side(side: JudgedCapture) -> dict[str, Any]:
    bundle, newest = side.snapshot.bundle, timeline(side.snapshot, side.checked.findings).newest_ns
    return {
        "path": bundle.path,
        "sha256": bundle.sha256,
        "verdict": side.verdict,
        "complete": side.complete,
        "captured_not_before": format_time(newest) if newest else None,
    }


def _cause(change: Change, account: Account | None, known: list[dict[str, Cause]]) -> dict[str, Any]:
    ranks = [causes.get(change.item.key) for causes in known]
    latest = next(cause for cause in reversed(ranks) if cause is not None)
    hit = latest.hypothesis.affected
    return {
        "state": change.state,
        "id": latest.id,
        "title": latest.hypothesis.title,
        "severity": latest.severity,
        "rank": {side: cause.rank if cause else None for side, cause in zip("ab", ranks, strict=True)},
        "images": len(hit.images),
        "containers": len(hit.containers),
        "facts": _facts(change),
        "unseen": change.unseen or None,
        "because": change.because or None,
        "changes": [_change(each) for each in account.changes] if account is not None else [],
    }


def _object(changed: Changed) -> dict[str, Any]:
    return {
        "kind": changed.kind,
        "id": changed.id,
        "name": changed.name,
        "state": changed.state,
        "parts": {state: _parts(changed, state) for state, changes in changed.changes.items() if changes},
    }


def _parts(changed: Changed, state: str) -> list[str]:
    """Return the parts of an object in words; files are counted, names of a whole object are its own."""
    whole = changed.state != CHANGED
    kept = [change for change in changed.changes[state] if not (whole and change.kind == NAME)]
    words = dict.fromkeys(part_of(change) for change in kept if change.kind != FILE)
    files = sum(change.kind == FILE for change in kept)
    return [*words, *([plural(files, "file")] if files else [])]


def part_of(change: Change) -> str:
    """Return what a change is of its object, in a word."""
    key = change.item.key.partition("/")[2]
    if change.kind == NAME:
        return f"name {change.item.key}"
    if change.kind != IMAGE_DATA:
        return PART.get(change.kind) or key or change.item.key
    if key == f"sha256:{change.item.owner}":
        return "configuration"
    return next((word for start, word in DATA.items() if key.startswith(start)), key)


def _change(change: Change) -> dict[str, Any]:
    item = change.item
    return {
        "kind": change.kind,
        "state": change.state,
        "key": item.key,
        "id": item.owner or None,
        "name": item.name or None,
        "store": change.store or None,
        "facts": _facts(change),
        "path": {"a": _path(change.before), "b": _path(change.after)},
        "unseen": change.unseen or None,
        "because": change.because or None,
    }


def _path(item: ComparedItem | None) -> str | None:
    return item.path or None if item is not None else None


def _facts(change: Change) -> list[dict[str, str]]:
    return [{"name": fact.name, "before": fact.before, "after": fact.after} for fact in change.facts]
