"""An index file went back in time: an older copy was put over it.

What happened
    A backup of layers.json or images.json was restored over a store that had moved on, a snapshot of one part was
    rolled back, or a second host wrote its older view. Objects made since have no record any more.

How it shows
    Several objects without a record whose data is there, all of it written *after* the index file that should name
    them. Images then name layers that are not recorded, containers name images that are not.

What speaks against it
    An index that is newer than the data it lacks: then single records were removed by an engine or by hand.

What to do
    Stop everything: the next start of CRI-O deletes data without a record. Put the newest copy of the file back, or
    remove what stands on the lost objects by id and pull it again.

Sources
    Rule STO-007 (lock time against index time); start-up garbage collection was run on CRI-O
    1.37; restoring yesterday's overlay-layers was run with podman 4.3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.causes.case import subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Hypothesis, Reason
from analyzer.causes.plan import pull_again
from analyzer.causes.times import index_written, layer_written, when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.causes.case import Case
    from analyzer.checks.finding import Finding

PRIOR = -1.0
MAIN, FURTHER, LEFT = 5.0, 3.0, 2.0
SLACK_NS = 60 * 1_000_000_000


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one rollback of layers.json, and one of images.json, for data that is newer than the file."""
    written = index_written(case, "layers")
    if written is not None:
        lost = case.lost_records("IMG-016", "LAY-001", "CTR-001")
        late = [f for f in lost if layer_written(case, f.subject.id) > written + SLACK_NS]
        if late:
            yield _layers(case, case.widest_first(late), written)
    written = index_written(case, "images")
    if written is not None:
        orphans = [f for f in case.of("CTR-002", "IMG-021", at_least="warning") if _image_later(case, f, written)]
        if any(f.rule == "CTR-002" for f in orphans):
            yield _images(case, orphans, written)


def _layers(case: Case, findings: list[Finding], written: int) -> Hypothesis:
    layers = list(dict.fromkeys(f.subject.id for f in findings))
    explains = weigh(findings, MAIN, FURTHER)
    left = [f for f in case.of("OVL-013", "TSP-013") if layer_written(case, f.subject.id) > written + SLACK_NS]
    explains.update({f: LEFT for f in left if f not in explains})
    affected = case.affected(layers=layers)
    count = len({f.subject.id for f in (*findings, *left)})
    return Hypothesis(
        family="records-rolled-back",
        title=f"layers.json is older than {count} layers it should name ({layers[0][:12]} first): it was rolled back",
        subjects=subjects_of([*findings, *left]),
        explains=explains,
        prior=PRIOR,
        reasons=tuple(_reasons(count, written)),
        affected=affected,
        would_settle=("a newer copy of layers.json; backup and restore logs", "whether a second host mounts this root"),
        plan=pull_again(case, affected),
        fails_listing=bool(case.view.crio and affected.images),
    )


def _images(case: Case, findings: list[Finding], written: int) -> Hypothesis:
    containers = [str(c) for f in findings for c in f.facts.get("containers", ())]
    ordered = sorted(findings, key=lambda f: (f.rule != "CTR-002", f.order))
    explains = {f: MAIN if n == 0 else FURTHER if f.rule == "CTR-002" else LEFT for n, f in enumerate(ordered)}
    affected = case.affected(containers=[c for c in containers if c in case.rel.containers])
    count = len({f.subject.id for f in findings})
    return Hypothesis(
        family="records-rolled-back",
        title=f"images.json is older than {count} images it should name: it was rolled back",
        subjects=subjects_of(ordered),
        explains=explains,
        prior=PRIOR,
        reasons=tuple(_reasons(count, written)),
        affected=affected,
        would_settle=("a newer copy of images.json; backup and restore logs", "whether a second host mounts this root"),
        plan=pull_again(case, affected),
    )


def _image_later(case: Case, finding: Finding, written: int) -> bool:
    files = case.store.image_files.get(finding.subject.id, {})
    times = [file.member.mtime_ns for file in files.values()]
    return bool(times) and min(times) > written + SLACK_NS


def _reasons(count: int, written: int) -> Iterator[Reason]:
    yield Reason(f"the file was last written {when(written)}, before the data it lacks", 1.0)
    if count == 1:
        yield Reason("a rollback usually loses more than one record", -0.7)
