"""What captured logs say for a cause: lines of the kernel and the engines are reasons beside what the store shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.causes.model import Reason
from analyzer.snapshot.node import log_events as logs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.causes.model import Hypothesis
    from analyzer.snapshot.node.log_events import LogEvents

SAYS = {
    logs.CORRUPTION: "the kernel reports corruption of a file system",
    logs.SHUTDOWN: "the kernel shut a file system down",
    logs.IO_ERROR: "the kernel reports I/O errors of a disk",
    logs.FULL: "a write failed for want of space",
    logs.UNCLEAN: "the node came up after an unclean stop",
    logs.KILLED: "an engine was killed",
    logs.DENIED: "SELinux denied a container access",
    logs.WIPED: "an engine wiped its storage",
}
WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "unclean-shutdown": {logs.UNCLEAN: 1.0, logs.SHUTDOWN: 0.7, logs.CORRUPTION: 0.5},
    "media-corruption": {logs.IO_ERROR: 1.5, logs.CORRUPTION: 1.0},
    "disk-full": {logs.FULL: 1.5},
    "container-fills-disk": {logs.FULL: 0.5},
    "interrupted-pull": {logs.KILLED: 0.7, logs.FULL: 0.7, logs.UNCLEAN: 0.5},
    "interrupted-removal": {logs.KILLED: 0.7, logs.FULL: 0.5, logs.UNCLEAN: 0.5},
    "interrupted-wipe": {logs.WIPED: 1.5},
    "selinux-labels-wrong": {logs.DENIED: 1.5},
    "libpod-database-damaged": {logs.UNCLEAN: 0.7, logs.FULL: 0.7, logs.IO_ERROR: 0.7},
}
"""Nats by family and kind of event: how much more often the lines are in a node's log when this happened."""


def with_logs(hypothesis: Hypothesis, events: Mapping[str, LogEvents]) -> Hypothesis:
    """Return a hypothesis with the lines of captured logs that speak for it."""
    weights = WEIGHTS.get(hypothesis.family, {})
    reasons = tuple(
        Reason(f"{SAYS[kind]}: {events[kind].path} line {events[kind].line} ({_times(events[kind].count)})", weight)
        for kind, weight in weights.items()
        if kind in events
    )
    return replace(hypothesis, reasons=(*hypothesis.reasons, *reasons)) if reasons else hypothesis


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} such lines"
