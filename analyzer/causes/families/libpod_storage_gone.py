"""Podman's database knows containers or volumes whose storage is gone.

What happened
    The store was changed behind podman's back: another tool removed a container, a removal was stopped between store
    and database, an older containers.json came back, or somebody deleted directories.

How it shows
    The database has a container that containers.json lacks; a pod's infra container is not there; a volume has no
    directory; a container has no `userdata`.

What speaks against it
    A capture that was taken while podman removed things: then the next one shows neither.

What to do
    Remove what is left of it by id: podman removes a container without storage, and a pod with such containers. Make
    them again.

Sources
    podman#3088, podman#11016, podman#6800; run on podman 4.3.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import Affected, Hypothesis, Reason, Step
from analyzer.checks.finding import Finding, Subject
from analyzer.words import and_more

PRIOR = 0.0
CONTAINER, FURTHER, POD, VOLUME, FOLDER = 3.5, 2.0, 3.0, 3.0, 3.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one change behind podman's back for everything it knows and the store lacks."""
    containers = case.of("LPD-005", at_least="warning")
    pods = case.of("LPD-006", at_least="warning")
    volumes = case.of("LPD-007", at_least="warning")
    records = case.of("LPD-009", at_least="warning")
    folders = case.of("LPD-010", at_least="warning")
    found = [*records, *containers, *pods, *volumes, *folders]
    if not found:
        return
    explains: dict[Finding, float] = {f: FURTHER if n else CONTAINER for n, f in enumerate(containers)}
    explains.update(dict.fromkeys(records, CONTAINER))
    explains.update({f: FURTHER for f in case.of("LAY-013", "LAY-015") if records and f.severity != "info"})
    explains.update(dict.fromkeys(pods, POD))
    explains.update(dict.fromkeys(volumes, VOLUME))
    explains.update(dict.fromkeys(folders, FOLDER))
    yield Hypothesis(
        family="libpod-storage-gone",
        title=f"{records[0].facts['path']} is gone, and podman knows what it held"
        if records
        else _title(containers, pods, volumes, folders),
        subjects=(found[0].subject, *_named(containers), *subjects_of(found)[1:]),
        explains=explains,
        prior=PRIOR,
        reasons=tuple(_reasons(containers)),
        affected=Affected(containers=tuple(sorted(_hit(case, found)))),
        would_settle=("the journal and shell history for `rm`, `buildah rm`, `system prune` and restores",),
        plan=tuple(_advice(containers, pods, volumes, folders)),
    )


def _named(containers: list[Finding]) -> list[Subject]:
    """Return the containers themselves, which exist in the database alone."""
    return [Subject("container", f.facts["key"], f.subject.path, (f.facts["name"],)) for f in containers]


def _hit(case: Case, found: list[Finding]) -> set[str]:
    """Return who has storage and cannot start: members of a pod without its infra container, users of a volume."""
    named = {str(key) for f in found for key in (*f.facts.get("others", ()), *f.facts.get("containers", ()))}
    return named & case.rel.containers.keys()


def _title(containers: list[Finding], pods: list[Finding], volumes: list[Finding], folders: list[Finding]) -> str:
    if containers:
        facts = containers[0].facts
        more = and_more(len(containers))
        what = f"the infra container of pod {facts['pod']}" if facts["infra"] else f"container {facts['name']}"
        return f"podman knows {what}{more}, and its storage is gone"
    if pods:
        return f"pod {pods[0].facts['name']} names an infra container that podman does not have"
    if volumes:
        return f"podman knows volume {volumes[0].facts['name']}, and its directory is gone"
    more = and_more(len(folders))
    return f"podman knows container {folders[0].facts['name']}{more}, and its directory is gone"


def _reasons(containers: list[Finding]) -> Iterator[Reason]:
    if len(containers) > 2:
        yield Reason(f"{len(containers)} containers lost their storage: records came from another day", 0.5)


def _advice(
    containers: list[Finding], pods: list[Finding], volumes: list[Finding], folders: list[Finding]
) -> Iterator[Step]:
    if pods or any(f.facts["infra"] for f in containers):
        yield Step(
            "", "Save what the pod's containers hold, remove the pod with `podman pod rm -f POD`, and make it again."
        )
    if any(not f.facts["infra"] for f in containers):
        yield Step("", "Remove the container with `podman rm -f ID`: what it held is gone already.")
    if volumes:
        yield Step("", "Put the volume's directory back from a backup, or make an empty `volumes/NAME/_data`.")
    if folders:
        yield Step(
            "",
            "Make `userdata/shm` of the container again (mode 0700, owned like its neighbours'): it starts then. Or "
            "save what its layer holds, remove it and make it again.",
            instead=True,
        )
