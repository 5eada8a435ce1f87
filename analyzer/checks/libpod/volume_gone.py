"""A volume's directory is gone.

What it finds
    A local volume whose directory in `volumes`, or the `_data` in it, is not there, while the bundle has others of that
    directory, or the directory itself.

Why it matters
    Containers that use it do not start (`lchown .../_data: no such file or directory`), and its data are gone.

How sure
    Medium: people leave volumes out of a capture, but then as a whole.

Remedy
    Put the directory back from a backup. Without one, make an empty `volumes/NAME/_data` for podman, or remove the
    containers that use the volume and then the volume.

Engine source
    libpod volume.go, container_internal.go: fixVolumePermissions; run on podman 4.3.1.
"""

from __future__ import annotations

from analyzer.capture.answer import Removed
from analyzer.capture.aside import beside
from analyzer.checks.absence import weigh
from analyzer.checks.rule import ERROR, MEDIUM, Findings, Need, Rule, StoreView, rule


@rule(
    "LPD-007",
    severity=ERROR,
    needs=(Need.WHOLE_ARCHIVE,),
    says="podman's volume {name} has no directory {directory}; {users}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look every local volume below the graph root up among the directories of `volumes`."""
    store = view.store
    aside = beside(view.snapshot, store.path("volumes"))
    if not store.libpod or (store.volumes is None and not aside):
        return
    found, data = (store.volumes.found, store.volumes.data) if store.volumes is not None else ({}, {})
    state = store.libpod[0]
    if not state.whole:
        return
    folder = state.config.volume_dir.rstrip("/")
    for name, volume in sorted(state.volumes.items()):
        if volume.driver != "local" or name in data:
            continue
        if not folder or volume.mount_point != f"{folder}/{name}/_data":
            continue
        answer = view.capture.volume(store, name, volume.created_ns)
        if aside and store.volumes is None:
            answer = Removed(None, f"{aside} is there")
        directory = store.path("volumes", name, *(("_data",) if name in found else ()))
        weight = weigh(answer, ERROR, f"{directory} is gone", MEDIUM)
        if weight is None:
            continue
        used = sorted(each.name or each.id for each in state.containers.values() if name in each.volumes)
        yield this.found(
            view.file(state.path),
            [(volume.where, "its directory", "none")],
            variant=name,
            name=name,
            directory=directory,
            path=state.path,
            users=f"{', '.join(used)} cannot start" if used else "no container uses it",
            containers=sorted(each.id for each in state.containers.values() if name in each.volumes),
            **weight,
        )
