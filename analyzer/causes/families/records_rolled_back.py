"""An index file went back in time: an older copy was put over it, or a tool that saw nothing saved an empty list.

What happened
    A backup of one or all of layers.json, images.json and containers.json was restored over a store that had moved on,
    a snapshot of one part was rolled back, a second host wrote its older view, or something wrote `[]`. Objects made
    since have no record any more.

How it shows
    Objects without a record whose data is there, all of it written *after* the index file that should name them, and a
    lock that dates a later write. An empty list beside layers that are recorded and that nothing owns: engines remove a
    container's layer before its record, and an image's record before its layers.

What speaks against it
    An index that is newer than the data it lacks: then single records were removed by an engine or by hand.

What to do
    Stop everything: the next start of CRI-O deletes data without a record, and so does `podman system prune`. Put the
    newest copy of the file back; failing that, pull the images again by name over the layers that are there.

Sources
    Rule STO-007 (lock time against index time); start-up garbage collection was run on CRI-O 1.37; restoring
    yesterday's overlay-layers, and an empty list, were run with podman 4.3.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Affected, Hypothesis, Reason, Step
from analyzer.causes.times import when
from analyzer.checks.finding import Finding

PRIOR = -1.0
MAIN, FURTHER, LEFT = 5.0, 2.0, 1.2
ORDER = ("images", "layers", "containers")


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one rollback for all files that are older than the store, and one for all that are empty lists."""
    for kind in ("older", "emptied"):
        behind = [f for f in case.of("STO-020") if f.facts["kind"] == kind]
        if behind:
            yield _hypothesis(case, sorted(behind, key=lambda f: ORDER.index(f.facts["part"])), kind)


def _hypothesis(case: Case, behind: list[Finding], kind: str) -> Hypothesis:
    explains = weigh(behind, MAIN, FURTHER)
    for index in behind:
        explains.update({f: LEFT for f in case.left_without(index) if f not in explains})
    affected = _affected(case, behind, kind)
    paths = {index.subject.path for index in behind}
    explains.update({f: LEFT for f in case.of("STO-007") if f.subject.path in paths})
    return Hypothesis(
        family="records-rolled-back",
        title=_title(behind, kind),
        subjects=subjects_of(behind),
        explains=explains,
        prior=PRIOR,
        reasons=tuple(_reasons(behind, kind)),
        affected=affected,
        would_settle=(
            f"a newer copy of {_names(behind)}; backup and restore logs",
            "whether a second host or another tool writes this root",
        ),
        plan=(Step("", f"If a newer copy of {_names(behind)} is kept anywhere, prefer it. Collect or prune nothing."),),
        fails_listing=bool(case.view.crio and any(f.facts["part"] == "layers" for f in behind) and affected.images),
    )


def _names(behind: list[Finding]) -> str:
    names = [f.facts["name"] for f in behind]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _title(behind: list[Finding], kind: str) -> str:
    several = len(behind) > 1
    lost = sum(f.facts["missing"] for f in behind)
    objects = behind[0].facts["part"] if not several else "objects"
    what = f"{lost} {objects if lost > 1 else objects.removesuffix('s')}"
    if kind == "emptied":
        lists = "are empty lists" if several else "is an empty list"
        data = any(f.facts.get("directories", 1) for f in behind)
        seen = "beside the data of" if data else "while other records name"
        return f"{_names(behind)} {lists} {seen} {what}"
    return (
        f"{_names(behind)} {'are' if several else 'is'} older than {what} without a record: an older copy was put back"
    )


def _affected(case: Case, behind: list[Finding], kind: str) -> Affected:
    if kind == "emptied" and any(f.facts["part"] == "layers" for f in behind):
        return case.everything()
    ids = {part: [i for f in behind for i in f.ids(part)] for part in ORDER}
    return case.affected(ids["layers"], ids["images"], ids["containers"])


def _reasons(behind: list[Finding], kind: str) -> Iterator[Reason]:
    if kind == "older":
        yield Reason(f"{behind[0].facts['name']} was last written {when(behind[0].facts['written_ns'])}, before", 1.0)
    if len(behind) > 1:
        yield Reason(f"{len(behind)} index files tell the same", 1.0)
