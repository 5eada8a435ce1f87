"""What an engine listed and what the store's index has are not the same containers.

What it finds
    A container or sandbox in captured output of `podman ps`, `crictl ps` or `crictl pods` (table or JSON) that has no
    record in the bundle, where the same listing names others that have one; one that is called otherwise in its
    record; and a container of the engine that a listing of all (`-a`) leaves out, though the index was saved before.

Why it matters
    Engines list containers from what they know themselves, and start them from the store's record: one that is listed
    and has no record cannot start. One that is not listed holds its image and its layer, and nobody sees it.

How sure
    The times decide. A listing that is older than the index, or names a container that is younger than it, is no
    contradiction: containers come and go. A container that was made before the index was saved, and listed after, had
    lost its record by then. Times of files may be those of a copy, so all are information, and that is left open.
    Where podman's database was read, its word counts (LPD-005, LPD-008).

Remedy
    Capture the listing and the store again, with no engine at work.

Engine source
    libpod runtime_ctr.go: GetContainers; containers/storage containers.go: Load; crictl `ps`, `pods`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.checks.host.saved import not_listed, not_recorded, saved_ns
from analyzer.checks.rule import INFO, LOW, Finding, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.node.container_listings import EngineContainer, listed_containers
from analyzer.snapshot.store import GRAPH_ROOT
from analyzer.snapshot.times import format_time


@rule(
    "HST-008",
    severity=INFO,
    needs=(Need.HOST, Need.CONTAINER_RECORDS),
    says="{path} lists container {name} ({id}), and no index has it: {reading}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Hold listings against the containers of all stores that the engine uses together."""
    if view.store.role != GRAPH_ROOT:
        return
    podman_is_known = any(state.whole for state in view.store.libpod)
    by_file: dict[str, dict[str, EngineContainer]] = {}
    for row in listed_containers(view.snapshot.host):
        if not (row.engine == "podman" and podman_is_known):
            by_file.setdefault(row.path, {})[row.id] = row
    for path, rows in by_file.items():
        known = _known(view, rows)
        if not known:  # of another store, another user or another day
            continue
        saved, listed = saved_ns(view, "containers"), view.snapshot.host.files[path].member.mtime_ns
        for key, row in rows.items():
            container = known.get(key)
            if container is not None:
                yield from _renamed(view, this, row, container)
            elif row.sandbox or row.image:  # podman lists one on a directory of its own without an image
                yield _absent(this, row, saved, listed)
        if saved < listed:
            yield from _left_out(view, this, path, rows)


def _known(view: StoreView, rows: Mapping[str, EngineContainer]) -> dict[str, ContainerRecord]:
    """Return the record of each listed id that has one."""
    found: dict[str, ContainerRecord] = {}
    for length in {len(each) for each in rows}:
        for container in view.rel.containers.values():
            if container.id[:length] in rows:
                found[container.id[:length]] = container
    return found


def _absent(this: Rule, row: EngineContainer, saved: int, listed: int) -> Finding:
    """Tell of a container that was listed and has no record."""
    lost = row.before_ns is not None and row.before_ns < saved < listed
    if saved >= listed:
        reading = f"it was removed before the index was saved, at {format_time(saved)}"
    elif lost:
        reading = (
            f"it was made before the index was saved, at {format_time(saved)}, and listed after: its record is lost"
        )
    else:
        reading = f"its record was lost, or it was made after the index was copied (saved at {format_time(saved)})"
    return not_recorded(this, "container", row, reading, open_=lost)


def _renamed(view: StoreView, this: Rule, row: EngineContainer, container: ContainerRecord) -> Iterator[Finding]:
    """Tell of a container whose record has another name than the engine."""
    if row.engine != "podman" or not row.name or not container.names or row.name in container.names:
        return
    yield this.found(
        view.container(container),
        [(container.where, f"name {row.name}", f"name {container.names[0]}")],
        confidence=LOW,
        variant=f"name {container.id}",
        says="{path} calls container {id} {name}, and its record calls it {record}: it was renamed meanwhile, or one "
        "of both is wrong",
        path=row.path,
        name=row.name,
        id=row.id,
        record=container.names[0],
    )


def _left_out(view: StoreView, this: Rule, path: str, rows: Mapping[str, EngineContainer]) -> Iterator[Finding]:
    """Tell of containers of the engine that a listing of all of them does not have."""
    first = next(iter(rows.values()))
    if not first.every:
        return
    lengths = {len(each) for each in rows}
    for container in view.rel.containers.values():
        kubernetes = container.kubernetes
        sandbox = kubernetes is not None and kubernetes.sandbox
        if container.engine != first.engine or (first.engine == "cri-o" and sandbox != first.sandbox):
            continue
        if not any(container.id[:length] in rows for length in lengths):
            engine = "CRI-O" if first.engine == "cri-o" else first.engine
            reading = f"{engine} does not know it any more, and it holds its image"
            yield not_listed(this, view.container(container), path, container.name, container.id, reading)
