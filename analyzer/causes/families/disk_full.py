"""The disk or its inodes ran out: what was written last is empty, cut or unfinished.

What happened
    The file system of the graph root was full while an engine wrote. Index files are written beside and renamed, so
    they mostly survive; layer contents, `link`, `lower` and data of new images do not. Removing fails too, since it
    writes the index first.

How it shows
    A captured `df` at 100 % (bytes or inodes), `no space left on device` in a log, temporary files of an
    index, incomplete layers, empty files in what was
    written last.

What speaks against it
    Neither a `df` nor a log in the bundle that shows it: then an unclean stop is the better account of empty files.

What to do
    Make room elsewhere first (journal, logs, core dumps), then `crictl rmi --prune` or `podman image prune`. Never
    delete below `overlay` by hand. Remove damaged images by id and pull them again.

Sources
    podman#7145, podman#7800, podman#10876, podman#13967, podman#16614; containers/storage#2345 (inodes).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import Hypothesis, Reason, Step
from analyzer.checks.finding import Finding
from analyzer.snapshot.node.log_events import FULL as FULL_IN_LOG

PRIOR = 0.5
FULL, LEFT, UNWRITTEN, NEIGHBOUR = 2.5, 1.0, 3.5, 0.7
WRITTEN = frozenset({
    "STO-001", "STO-002", "STO-003", "IMG-005", "IMG-002", "OVL-001", "OVL-007", "OVL-028", "TSP-002", "TSP-009",
})  # fmt: skip


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose a full file system where a captured df shows one, or a log and what was left half written do."""
    full = [f for f in case.of("STO-018", at_least="warning") if f.facts.get("full")]
    told = case.log_events.get(FULL_IN_LOG)
    if not full and told is None:
        return
    broken = [f for f in case.findings if f.rule in WRITTEN and _stopped(f)]
    explains: dict[Finding, float] = dict.fromkeys(full, FULL)
    explains.update(dict.fromkeys(broken, UNWRITTEN))
    unfinished = [f for f in case.of("LAY-004") if f.facts.get("in_flight")]
    if not full:
        unfinished += case.of("LAY-013", at_least="warning")
    explains.update(dict.fromkeys([*case.of("STO-006"), *unfinished], LEFT))
    hit = {f.subject.id for f in broken if f.subject.id}
    for finding in case.findings:
        if finding not in explains and finding.severity != "info" and finding.subject.id in hit:
            explains[finding] = NEIGHBOUR
    if not subjects_of([*full, *broken, *unfinished]):
        return
    affected = case.affected(
        [f.subject.id for f in broken if f.subject.kind == "layer"],
        [f.subject.id for f in broken if f.subject.kind == "image"],
    )
    if full:
        what = " and ".join(dict.fromkeys(f.facts["what"] for f in full))
        title = f"the file system of the store ran out of {what} at {full[0].facts['mount']}"
    else:
        title = "a file system ran out of space while an engine wrote to the store, as a log tells"
    room = Step("", "Make room elsewhere first: journal, logs, core dumps. Never delete below `overlay` by hand.")
    yield Hypothesis(
        family="disk-full",
        title=title,
        subjects=subjects_of([*full, *broken, *unfinished]),
        explains=explains,
        prior=PRIOR,
        reasons=tuple(_reasons(case, broken)),
        affected=affected,
        would_settle=("the journal for `no space left on device`, and `df` of the time of the damage",),
        plan=(room,),
    )


def _stopped(finding: Finding) -> bool:
    """Tell the picture of a write that stopped: nothing or half of it arrived."""
    return bool(finding.facts.get("unsynced")) or finding.rule == "IMG-002" or finding.facts.get("kind") == "cut"


def _reasons(case: Case, broken: list[Finding]) -> Iterator[Reason]:
    if case.of("STO-006"):
        yield Reason("an index was written beside and never renamed into place", 0.7)
    if broken:
        yield Reason("what was written last stopped half way, as on a full disk", 0.5)
