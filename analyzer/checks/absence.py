"""What a finding about something absent carries, by the answer of the capture's model."""

from __future__ import annotations

from typing import Any

from analyzer.capture.answer import Answer, NotCaptured, Removed
from analyzer.checks.finding import HIGH, INFO, LOW
from analyzer.snapshot.times import format_time

LEFT_OUT = "removed, or left out of the capture"
CHANGED = "changed on the node, or on the way"


def weigh(
    answer: Answer, severity: str, what: str, confidence: str = HIGH, either: str = LEFT_OUT
) -> dict[str, Any] | None:
    """Return arguments for `Rule.found`, None where nothing is to be told.

    Args:
        answer: of `StoreView.capture`.
        severity: of the loss, where it is one.
        what: the absence, or the change, in words, for the line that leaves it open.
        confidence: where it is a loss.
        either: the two readings, where it is open.
    """
    if isinstance(answer, NotCaptured):
        return None
    if isinstance(answer, Removed):
        when = format_time(answer.when_ns) if answer.when_ns is not None else ""
        return {"severity": severity, "confidence": confidence, "removed_at": when, "doubt": ""}
    return {
        "severity": INFO,
        "confidence": LOW,
        "removed_at": "",
        "doubt": f"{what}: {either} ({answer.why})",
    }
