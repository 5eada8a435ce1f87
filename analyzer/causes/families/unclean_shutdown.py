"""Power loss, kernel crash or reset: files that were written but never reached the disk.

What happened
    The node stopped without a clean unmount. containers/storage syncs its records, manifests and tar-splits before it
    renames them into place, but writes `link`, `lower`, the `volatile-*.json` files and all layer contents without a
    sync. XFS and ext4 then show such files with their full size and NUL bytes, or with 0 bytes.

How it shows
    Zero-length or NUL-filled small files, index files cut short, layer files that are empty or all NUL where tar-split
    says otherwise, often several at once on the objects that were written last.

What speaks against it
    A single damaged file with ordinary text in it, or damage on objects that were written long before everything else.

What to do
    Write back what other evidence in the store still tells (`link`, `lower`); remove and pull again what it does not.
    Do not run a repair or a removal while a `link` file is empty: removing such a layer deletes all of `overlay/l`.

Sources
    cri-o#3972, cri-o#9496, podman#8005, podman#22655, container-libs#622; the store's atomic writer syncs only stable
    files.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import Affected, Hypothesis, Reason
from analyzer.checks.finding import Finding
from analyzer.words import and_more

INDEX_RULES = ("STO-001", "STO-002", "STO-003")
INDEX_WEIGHT = {"zero-length": 3.0, "nul-bytes": 4.0, "nul-tail": 3.0, "cut": 2.5}
PRIOR = -0.5
FIRST, FURTHER, NEIGHBOUR = 3.0, 1.5, 0.7


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one power loss for everything in the store that looks unsynced."""
    unsynced = [f for f in case.findings if f.facts.get("unsynced") or _index_weight(f)]
    if not unsynced:
        return
    index = [f for f in unsynced if f.rule in INDEX_RULES]
    ordered = [*index, *case.widest_first(f for f in unsynced if f not in index)]
    explains: dict[Finding, float] = {}
    for finding in ordered:
        usual = FURTHER if explains else FIRST
        explains[finding] = _index_weight(finding) or usual
    hit = {f.subject.id for f in ordered if f.subject.id}
    for finding in case.findings:
        if finding not in explains and finding.severity != "info" and finding.subject.id in hit:
            explains[finding] = NEIGHBOUR
    for finding in (f for f in index if f.rule == "STO-002"):
        explains.update({f: NEIGHBOUR for f in case.left_without(finding) if f not in explains})
    subjects = subjects_of(ordered)
    yield Hypothesis(
        family="unclean-shutdown",
        title=_title(ordered),
        subjects=subjects,
        explains=explains,
        prior=PRIOR,
        reasons=tuple(_reasons(ordered)),
        affected=_affected(case, ordered),
        would_settle=(
            "the journal around the last boot (`journalctl -b -1 -n 200`, `last -x`): a boot without a shutdown",
            "/var/lib/crio/clean.shutdown and clean.shutdown.supported of the stopped node",
        ),
    )


def _index_weight(finding: Finding) -> float:
    if finding.rule not in INDEX_RULES:
        return 0.0
    kind = "zero-length" if finding.rule == "STO-002" else finding.facts.get("kind", "")
    if finding.facts.get("absent"):
        return 0.0
    return INDEX_WEIGHT.get(kind, 0.0)


def _title(findings: list[Finding]) -> str:
    objects = {(f.subject.kind, f.subject.key) for f in findings}
    first = findings[0].subject
    what = f"{first.kind} {first.label}" if first.id else first.path
    if len(objects) == 1:
        return f"{what} was never flushed to disk (power loss or crash)"
    return f"power loss or crash: {what}{and_more(len(objects))} were never flushed to disk"


def _reasons(findings: list[Finding]) -> Iterator[Reason]:
    rules = {f.rule for f in findings}
    if len(rules) >= 3:
        yield Reason(f"{len(rules)} different kinds of file show the picture of an unsynced write", 1.0)
    if len(findings) == 1:
        yield Reason("a power loss usually leaves more than one such file; only one is seen", -0.4)


def _affected(case: Case, findings: list[Finding]) -> Affected:
    index = [f for f in findings if f.rule in INDEX_RULES and not f.facts.get("volatile") and f.severity == "critical"]
    silent = [f for f in index if case.only_containers(f)]
    if len(index) > len(silent):
        return case.everything()
    layers = [f.subject.id for f in findings if f.subject.kind == "layer"]
    images = [f.subject.id for f in findings if f.subject.kind == "image"]
    containers = [f.subject.id for f in findings if f.subject.kind == "container"]
    if any(f.facts.get("volatile") for f in findings):
        containers += [c.id for c in case.rel.containers.values() if c.volatile]
    if silent or any(f.facts.get("volatile") for f in findings):
        containers += case.unrecorded_containers()
    return case.affected(layers, images, containers)
