"""What goes to a worker and what comes back: plain values that cross processes and machines."""

from __future__ import annotations

from msgspec import Struct, field

from analyzer.checks.policy import NO_POLICY, Policy
from analyzer.limits import DEFAULT, Limits

DONE, SAME, FAILED = "done", "same", "failed"
"""States of an outcome: analysed; the content was analysed before; no report."""

UNREADABLE, NO_STORE = "unreadable", "no-store"
INPUT, TIMEOUT, MEMORY, KILLED, CRASHED = "input", "timeout", "memory", "killed", "crashed"
NOT_SEEN = "not-seen"
KINDS = {
    UNREADABLE: "no tar and no directory, or it cannot be opened",
    NO_STORE: "it holds no containers/storage",
    INPUT: "reading it broke off: network or disk",
    NOT_SEEN: "it is there, but the workers that were asked do not see it",
    TIMEOUT: "it took longer than --timeout",
    MEMORY: "it needed more than --memory",
    KILLED: "the worker was killed from outside",
    CRASHED: "a fault of this program",
}
"""Why a bundle has no report, by kind."""

LOST = frozenset({INPUT, NOT_SEEN, KILLED, CRASHED})
"""Kinds that another try in the same run may mend."""
PASSING = frozenset({INPUT, NOT_SEEN})
"""Kinds that say nothing of the bundle: the next run tries it again without being told."""


class Task(Struct, frozen=True):
    """One bundle to analyse.

    Attributes:
        key: 32 hex digits that stand for the place of the bundle, unique in a batch.
        name: short name of the node, unique in a batch.
        path: absolute local path, or URL for fsspec.
        depth: `quick`, `standard` or `deep`.
        platform: `os/arch[/variant]`, None to find it in the bundle.
        engines: `cri-o@1.25`, …
        timeout: seconds of wall clock, 0 for no limit.
        memory: bytes of data the worker may take, 0 for no limit.
        policy: what the user decided about findings.
        limits: of the reader.
        page: whether the report is wanted as a page, too.
        known: SHA-256 of contents that are analysed already and that this bundle may have; with one of these it is not
            analysed again.
        seen: whether who made the task saw the bundle: a worker that does not see it then proves nothing.
        tries: how often it was tried in vain before.
    """

    key: str
    name: str
    path: str
    depth: str = "standard"
    platform: str | None = None
    engines: tuple[str, ...] = ()
    timeout: float = 0.0
    memory: int = 0
    policy: Policy = NO_POLICY
    limits: Limits = DEFAULT
    page: bool = False
    known: frozenset[str] = field(default_factory=frozenset)
    seen: bool = False
    tries: int = 0


class Outcome(Struct, frozen=True):
    """What became of one task.

    Attributes:
        key: of the task.
        status: `done`, `same` (see `Task.known`) or `failed`.
        kind: of a failure, one of `KINDS`; `""` otherwise.
        reason: of a failure, one line for people; may hold hostile text.
        sha256: of the content, None for a directory and where reading did not come to an end.
        seconds: wall clock of the worker.
        peak: most bytes the worker held in memory, 0 where that is not known.
        tries: how often it was tried, this time included.
        worker: address of the worker of a cluster, `""` on this machine.
        payload: of a `done` task, the report and the rows of the dataset, as `analyzer.fleet.rows.pack` makes them;
            opaque to executors.
    """

    key: str
    status: str
    kind: str = ""
    reason: str = ""
    sha256: str | None = None
    seconds: float = 0.0
    peak: int = 0
    tries: int = 1
    worker: str = ""
    payload: bytes = b""
