"""Pod of a CRI-O container has no record.

What it finds
    A `pod-id` in a CRI-O container's metadata for which there is no container record (a pod's sandbox is a container
    record of its own). The sandbox is the subject; its containers are said with it.

Why it matters
    CRI-O can't attach the containers to a pod and removes them at its next start.

How sure
    High where both container files are in the bundle. A sandbox is recorded in the same file as its containers, so
    where one of the files may have been left out, or is empty (STO-002), nothing is said.

Remedy
    None: the next start removes them, the kubelet makes the pod again. Save what is wanted from their layers first.

Engine source
    CRI-O internal/lib/container_server.go: LoadContainer; server/server.go: restore.
"""

from __future__ import annotations

from analyzer.checks.rule import WARNING, Findings, Need, Rule, StoreView, Subject, rule
from analyzer.checks.store.index_files import SHOWN, documents, half_unseen
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.digests import HEX_ID


@rule(
    "CTR-009",
    severity=WARNING,
    needs=(Need.CONTAINER_RECORDS, Need.WHOLE_ARCHIVE),
    says="sandbox {pod} of pod {name} has no record; needed by {count:container} of the pod",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look up the pod of every CRI-O container; one finding a missing pod."""
    emptied = any(document.empty for part, document in documents(view) if part == "containers")
    if emptied or half_unseen(view, "containers"):
        return
    orphans: dict[str, list[ContainerRecord]] = {}
    for container in view.store.containers:
        pod = container.details.get("pod-id") if container.engine == "cri-o" else None
        if isinstance(pod, str) and pod not in view.rel.containers:
            orphans.setdefault(pod, []).append(container)
    for pod, containers in orphans.items():
        first = containers[0]
        well_formed = HEX_ID.fullmatch(pod)
        path = view.store.part_path("containers", pod) if well_formed else first.where.path
        name = _pod_name(first)
        yield this.found(
            Subject("container", pod, path, (name,) if name else ()),
            [(each.where.field("metadata"), "a pod-id with a record", pod[:80]) for each in containers[:SHOWN]],
            pod=pod,
            name=name or "unknown name",
            count=len(containers),
            containers=[container.id for container in containers],
        )


def _pod_name(container: ContainerRecord) -> str:
    return container.detail("pod-name")
