"""Container data directory has no record.

What it finds
    A directory below `<driver>-containers` with an id for a name and no container record.

Why it matters
    Little: it keeps some space until garbage collection removes it, which CRI-O does at every start since 1.28 and
    podman in `podman system prune --external`.

How sure
    High that no captured record names it. In a transient store the records lie in the run root, which most captures
    leave out: there such directories are normal.

Remedy
    None.

Engine source
    containers/storage store.go: GarbageCollect; containers.go: GarbageCollect.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, WARNING, Findings, Need, Rule, StoreView, Subject, Where, rule
from analyzer.checks.store.index_emptied import lost_with_absent_file, ownerless_layers
from analyzer.checks.store.index_files import INDEXES, documents, unrecorded

LOST = "{path} has {files} entries and no container record, while a writable layer is left that nothing owns"


@rule(
    "CTR-010",
    severity=INFO,
    needs=(Need.CONTAINER_RECORDS, Need.CONTAINER_DATA),
    says="{path} holds {files:entry} but no container has that id; garbage collection removes it",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Name every container data directory without a record; an emptied or lost file is STO-002's."""
    if any(document.empty for part, document in documents(view) if part == "containers"):
        return
    absent = [name for part, name in INDEXES if part == "containers" and view.store.document(part, name) is None]
    if any(lost_with_absent_file(view, "containers", name) for name in absent):
        return
    lost = bool(ownerless_layers(view, volatile=False))
    for container_id in sorted(unrecorded(view, "containers")):
        path = view.store.part_path("containers", container_id)
        yield this.found(
            Subject("container", container_id, path),
            [(Where(path), "a record with this id", "none")],
            severity=WARNING if lost else INFO,
            says=LOST if lost else "",
            path=path,
            files=len(view.store.container_files[container_id]),
            containers=[container_id],
        )
