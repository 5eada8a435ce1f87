"""Podman's database has forgotten the containers of the store.

What it finds
    A database without any container, empty (0 bytes) or new, or none at all where the graph root was changed after
    the engine's last write, while the store has containers that podman made. Or a database of other containers alone,
    of which the store has neither records nor data: it came from another node or another day.

Why it matters
    Podman makes a new database of an empty file without a word: `podman ps -a` lists nothing, names, ports, mounts
    and pods are forgotten, and images stay "in use" by containers nobody lists.

How sure
    High for a file of 0 bytes; a new database may belong to another podman that looked at a copy, and one
    that is gone may have been removed to start over: both are information.
    Containers of Buildah and CRI-O, which libpod never knows, do not count. High for a database of others, where the
    layers of the containers that it does not know are there.

Remedy
    Put the database back from a backup. Without one, note what `podman ps -a --external` lists, save what the
    containers' layers hold, remove them by id and make them again.

Engine source
    bbolt db.go: Open initializes a file of size 0; run on podman 4.3.1.
"""

from __future__ import annotations

from analyzer.capture.answer import Removed
from analyzer.checks.libpod.container_of_another_tool import by_buildah
from analyzer.checks.rule import ERROR, INFO, MEDIUM, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.libpod.state import LibpodState
from analyzer.snapshot.store import GRAPH_ROOT
from analyzer.snapshot.times import format_time

SHOWN = 5


@rule(
    "LPD-002",
    severity=ERROR,
    needs=(Need.CONTAINER_RECORDS,),
    says="podman's database {path} {what}, but the store has {count:container} of podman's: `podman ps -a` lists none",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Hold a database without containers against the containers that podman made."""
    states = view.store.libpod
    if any(state.unread or state.error or state.damage for state in states):
        return
    made = sorted(
        container.id
        for container in view.store.containers
        if container.engine == "podman" and not by_buildah(view.store, container)
    )
    if any(state.containers for state in states):
        yield from _of_others(view, this, states[0], made)
    elif made and not states:
        yield from _gone(view, this, made)
    elif made:
        state = states[0]
        yield this.found(
            view.file(state.path),
            [(Where(state.path), f"{len(made)} containers", "0 bytes" if state.empty else "none")],
            severity=ERROR if state.empty else INFO,
            path=state.path,
            what="is empty" if state.empty else "is new and holds none",
            count=len(made),
            containers=made,
        )


def _of_others(view: StoreView, this: Rule, state: LibpodState, made: list[str]) -> Findings:
    """Tell of a database that knows nothing of the store and of which the store knows nothing."""
    stored = [key for key, each in state.containers.items() if not each.rootfs]
    here = {*view.rel.containers, *view.store.container_files, *view.store.data_dirs.get("containers", {})}
    whole = all(view.rel.directory(view.rel.containers[key].layer) is not None for key in made)
    if not made or not stored or not state.whole or not whole or state.containers.keys() & {*made, *here}:
        return
    yield this.found(
        view.file(state.path),
        [(state.containers[key].where, f"one of {len(made)} containers of the store", key) for key in stored[:SHOWN]],
        variant="others",
        says="podman's database {path} {what}: it knows {others:container} that the store lacks, and none of the "
        "{count} that podman made here",
        path=state.path,
        what="is of another node or another day",
        others=len(stored),
        count=len(made),
        containers=made,
    )


def _gone(view: StoreView, this: Rule, made: list[str]) -> Findings:
    """Tell of a database that was removed: people do that on purpose, and podman makes a new one."""
    answer = view.capture.database(view.store)
    if not isinstance(answer, Removed) or view.store.role != GRAPH_ROOT:
        return
    path = view.store.path("libpod")
    yield this.found(
        view.file(path),
        [(Where(path), f"a database with {len(made)} containers", "no such directory")],
        severity=INFO,
        confidence=MEDIUM,
        variant="gone",
        path=path,
        what=f"is gone{answer.dated}",
        count=len(made),
        containers=made,
        removed_at=format_time(answer.when_ns) if answer.when_ns is not None else "",
    )
