"""Put the differences of one layer into evidence and facts of a finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from analyzer.checks.finding import INFO, LOW, Finding, Subject
from analyzer.checks.rule import Rule
from analyzer.checks.store_view import StoreView
from analyzer.snapshot.provenance import Where
from analyzer.snapshot.times import SECOND, format_time
from analyzer.verify.facts import Difference, LayerFacts

EVIDENCE = 20
FILES = 200
SLACK_NS = 120 * SECOND
PAGE = 4096


def subject(view: StoreView, facts: LayerFacts, differences: Sequence[Difference]) -> Subject:
    """Return the layer as the subject, at the one file where it is one."""
    path = f"{facts.diff}/{differences[0].path}".rstrip("/") if len(differences) == 1 else facts.diff
    return view.layer(facts.record.id, path)


def evidence(facts: LayerFacts, differences: Sequence[Difference]) -> list[tuple[Where, str, str]]:
    """Return (where, expected, observed) of the first files, then the place the expectation comes from."""
    triples = [
        (
            Where(f"{facts.diff}/{each.path}".rstrip("/")),
            each.expected,
            f"{each.observed}; {each.note}" if each.note else each.observed,
        )
        for each in differences[:EVIDENCE]
    ]
    if facts.description is not None:
        recorded = f"{facts.recorded} entries in the layer tar"
        triples.append((Where(facts.description.path), recorded, f"{facts.compared} compared with the files"))
    return triples


def common(facts: LayerFacts, differences: Sequence[Difference], total: int) -> dict[str, Any]:
    """Return the facts every finding about files of a layer carries.

    `files` are paths below the diff directory, bounded; `count` is the number of all; `what` says it for the message.
    """
    times = [each.mtime_ns for each in differences if each.mtime_ns is not None]
    first = differences[0]
    what = f"{first.path or '/'} ({first.observed}, recorded {first.expected})"
    return {
        "layer": facts.record.id,
        "layers": [facts.record.id],
        "files": [each.path for each in differences[:FILES]],
        "count": total,
        "kinds": dict(sorted(Counter(each.facet for each in differences).items())),
        "what": what if total == 1 else f"{total} files, the first {what}",
        "first_change": format_time(min(times)) if times else "",
        "last_change": format_time(max(times)) if times else "",
        "created": facts.record.created,
    }


def untouched(facts: LayerFacts, each: Difference) -> bool:
    """Tell whether a file's time is not later than the making of its layer: nobody wrote to it afterwards."""
    if each.mtime_ns is None:
        return False
    if each.mtime_ns == each.recorded_ns:
        return True
    created = facts.record.created_ns
    return created is None or each.mtime_ns <= created + SLACK_NS


def left_open(
    view: StoreView, this: Rule, facts: LayerFacts, found: tuple[Sequence[Difference], int], *, says: str, doubt: str
) -> Finding:
    """Return the finding about differences of a layer that the capture may have made, as information.

    Args:
        view: the store.
        this: the rule.
        facts: of the layer.
        found: the first of the differences, and how many there are.
        says: template of the message.
        doubt: both readings, with `{total}` and `{layer}`.
    """
    first, total = found
    return this.found(
        subject(view, facts, first),
        evidence(facts, first),
        severity=INFO,
        confidence=LOW,
        variant="open",
        says=says,
        doubt=doubt.format(total=total, layer=facts.record.id[:12]),
        **common(facts, first, total),
    )
