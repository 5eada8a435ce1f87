"""One container's own layer holds most of a full file system.

What it finds
    A captured `df` in which the file system of the graph root is full, and a container whose writable layer holds at
    least a third of that file system.

Why it matters
    Pulls, starts and deletions fail with `no space left on device`, and pruning images frees little: what fills the
    disk is what this container wrote.

How sure
    High where the layer's bytes and the size of the file system are both in the bundle.

Remedy
    Make that container free it (rotate or truncate the log it writes), or stop and remove the container after its data
    are saved. No image has to go.

Engine source
    None; the kernel's ENOSPC reaches every write. kubernetes#52336.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.store.file_system_full import FULL, usage_at
from analyzer.snapshot.content import FILE_CODE, DiffTable
from analyzer.snapshot.store import GRAPH_ROOT
from analyzer.words import human

SHARE = 1 / 3


@rule(
    "HST-003",
    severity=ERROR,
    needs=(Need.HOST, Need.CONTAINER_RECORDS, Need.DIFF_LISTING),
    says="the writable layer of container {name} holds {size}, {share}% of the full file system at {mount}; "
    "most of it is {largest}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Weigh every container's own layer against the full file system that it lies on."""
    store = view.store
    if store.role != GRAPH_ROOT:
        return
    for path, row in usage_at(view):
        if row.what != "blocks" or row.percent < FULL or row.bytes is None:
            continue
        for container in store.containers:
            directory = view.rel.directory(container.layer)
            table = directory.tables.get("diff") if directory is not None else None
            if table is None or table.bytes < SHARE * row.bytes:
                continue
            largest, size = _largest(table)
            where = Where(f"{table.path}/{largest}" if largest else table.path)
            yield this.found(
                view.container(container),
                [
                    (Where(path, str(row.line)), f"less than {FULL}% in use", f"{row.percent}% of {human(row.bytes)}"),
                    (where, "a share of what is there", human(size or table.bytes)),
                ],
                name=container.name or container.id,
                layer=container.layer,
                bytes=table.bytes,
                size=human(table.bytes),
                share=round(100 * table.bytes / row.bytes),
                mount=row.mount,
                largest=largest or "in many files",
            )
        return


def _largest(table: DiffTable) -> tuple[str, int]:
    """Return name and size of the largest file, `""` where the entries were only counted."""
    files = (row for row in range(len(table.names)) if table.kinds[row] == FILE_CODE)
    row = max(files, key=table.sizes.__getitem__, default=-1)
    return (table.names[row], table.sizes[row]) if row >= 0 else ("", 0)
