"""Podman knows a container that has no storage.

What it finds
    A container in podman's database without a record in containers.json. Containers on a root directory of their own
    (`--rootfs`) need none. A container that is being removed, or was made after the records were read, is left out.

Why it matters
    `podman ps -a` lists it, and it cannot be started. Where it is the infra container of a pod, nothing in that pod
    can be started.

    Alone it is a warning: what it held is gone already, and nothing else is hit.

How sure
    High: both files are in the bundle and read whole, and the database belongs to this graph root.

Remedy
    `analyzer plan` writes the record again where the container's layer is still there. Else `podman rm ID`, for a
    pod `podman pod rm -f POD`: both work without the storage; what the container wrote is lost.

Engine source
    libpod container_internal.go: mountStorage; storage.go: DeleteContainer; run on podman 4.3.1.
"""

from __future__ import annotations

from analyzer.checks.libpod.container_records_gone import without_index
from analyzer.checks.rule import ERROR, WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.libpod.state import LibpodContainer, LibpodState


@rule(
    "LPD-005",
    severity=ERROR,
    needs=(Need.CONTAINER_RECORDS, Need.WHOLE_ARCHIVE),
    says="podman's database {path} has container {name} ({key}), but the store has no record of it{consequence}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look every container of the database up in the records."""
    if not view.store.libpod:
        return
    state = view.store.libpod[0]
    if not state.whole:
        return
    known = set(view.rel.containers)
    told = {each.id for each in without_index(view)}
    newest = _written(view)
    for key, container in sorted(state.containers.items()):
        if key in known or key in told or container.rootfs or container.missing or container.status == "removing":
            continue
        if container.created_ns is not None and newest is not None and container.created_ns > newest:
            continue
        pod = state.pods.get(container.pod)
        others = [each for each in pod.containers if each != key] if pod and container.infra else []
        infra_of = f", the infra container of pod {pod.name or pod.id}" if pod and container.infra else ""
        yield this.found(
            view.file(state.path),
            [(container.where, "a record in containers.json", "none")],
            severity=ERROR if container.infra else WARNING,
            variant=key,
            path=state.path,
            name=container.name or key,
            key=key,
            pod=(pod.name or pod.id) if pod else "",
            pod_id=container.pod,
            infra=container.infra,
            others=_stored(others, state, known),
            consequence=f"{infra_of}: nothing in the pod can start" if infra_of else ": it cannot start",
        )


def _stored(keys: list[str], state: LibpodState, known: set[str]) -> list[str]:
    held: list[LibpodContainer] = [state.containers[key] for key in keys if key in state.containers]
    return sorted(each.id for each in held if each.id in known or each.rootfs)


def _written(view: StoreView) -> int | None:
    """Return when containers.json was last written, the latest of its kind: the lock tells of writes that it lost."""
    times = [document.file.member.mtime_ns for document in view.store.documents_of("containers")]
    lock = view.store.locks.get("containers.lock")
    if times and lock is not None and lock.written_ns is not None:
        times.append(lock.written_ns)
    return max(times, default=None)
