"""Container of podman has no `userdata`, or none of what podman made in it.

What it finds
    A container that podman's database and containers.json know, and whose `overlay-containers/<id>/userdata`, all of
    `overlay-containers/<id>`, or `userdata/shm` alone is gone, while the bundle has such directories of others or the
    directory was changed after the engine's last write.

Why it matters
    The container does not start: `unable to determine if ".../userdata/shm" is mounted: ... no such file or directory`.
    It is listed, mounted and removed as ever, and its read-write layer is whole.

How sure
    As sure as how the bundle was captured allows. Containers of other tools need no such directory.

Remedy
    Make `userdata/shm` again, mode 0700, owned like the other containers' directories; podman writes the rest at the
    start. Or save what the layer holds, remove the container and make it again.

Engine source
    libpod container_internal.go: mountStorage, prepare; run on podman 4.3.1.
"""

from __future__ import annotations

from analyzer.checks.absence import weigh
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Where, rule

SHM = "userdata/shm"


@rule(
    "LPD-010",
    severity=ERROR,
    needs=(Need.CONTAINER_RECORDS, Need.CONTAINER_DATA),
    says="podman's container {name} ({key}) has no {path}: it cannot start",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look up the directory of every container that podman and the store know."""
    store = view.store
    if not store.libpod or not store.libpod[0].whole:
        return
    known = store.libpod[0].containers
    for container in store.containers:
        own = known.get(container.id)
        if own is None or own.rootfs or own.missing or own.status == "removing":
            continue
        if view.rel.directory(container.layer) is None:  # lost with it, or removed while the bundle was made
            continue
        lacks = _lacks(view, container.id, own.shm)
        if lacks is None:
            continue
        path = store.part_path("containers", container.id, *lacks.split("/")).rstrip("/")
        weight = weigh(view.capture.container_directory(store, container.id, lacks), ERROR, f"{path} is gone")
        if weight is None:
            continue
        yield this.found(
            view.container(container),
            [(Where(path), "the directory of the container", "absent"), (own.where, "a container", "known")],
            name=container.name or container.id,
            key=container.id,
            path=path,
            containers=[container.id],
            **weight,
        )


def _lacks(view: StoreView, key: str, shm: str) -> str | None:
    """Return what a container's data directory lacks, `""` for all of it, None where nothing is absent."""
    files = view.store.container_files.get(key)
    if files is None:
        return ""
    if not view.store.has_userdata(key):
        return "userdata"
    return SHM if shm.endswith(f"/{SHM}") and SHM not in files else None
