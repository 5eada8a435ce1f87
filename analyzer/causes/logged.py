"""What logs and engines say for a cause: their lines are reasons beside what the store shows.

An error of an engine is a finding of its own (HST-006); the cause that breaks the object it names, or the message it
is, explains it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from analyzer.causes.model import Hypothesis, Reason
from analyzer.checks.finding import Finding
from analyzer.snapshot.node import log_events as logs
from analyzer.snapshot.node.log_events import LogEvents

UNKNOWN_LAYER = "layer-not-known"
"""Message of an engine that misses the record of a layer, which it does not name."""
NAMED, FITS = 2.0, 1.0
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


def with_errors(hypothesis: Hypothesis, errors: Iterable[Finding]) -> Hypothesis:
    """Return a hypothesis that also explains the errors of engines that it accounts for."""
    hit = {subject.id for subject in hypothesis.subjects}
    hit.update(hypothesis.affected.images, hypothesis.affected.layers, hypothesis.affected.containers)
    of_layers = any(subject.kind == "layer" for subject in hypothesis.subjects)
    explains = dict(hypothesis.explains)
    for error in errors:
        said = error.facts["behaviours"]
        if error in explains:
            continue
        if hit.intersection(error.facts["ids"]) or hypothesis.family in said:
            explains[error] = NAMED
        elif (of_layers and UNKNOWN_LAYER in said) or (hypothesis.fails_listing and not error.facts["ids"]):
            explains[error] = FITS
    return replace(hypothesis, explains=explains) if len(explains) > len(hypothesis.explains) else hypothesis


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} such lines"
