"""A container is unknown to podman.

What it finds
    A container of the store that podman's database does not know: a working container of Buildah, or one that was
    left when a build was stopped.

Why it matters
    It is legal, and it holds its image: `podman rmi` says `image is in use by a container`, while `podman ps -a`
    shows none. Only `podman ps -a --external` and `buildah containers` list it.

How sure
    High: database and records are in the bundle. Containers of CRI-O are left out.

Remedy
    Where the build is over, `buildah rm ID` or `podman rm ID`.

Engine source
    libpod runtime_ctr.go: StorageContainers; run on podman 4.3.1.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, Findings, Rule, StoreView, rule
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.store import Store


@rule(
    "LPD-008",
    severity=INFO,
    says="container {name} is not in podman's database ({made}): `podman ps -a --external` lists it; it holds {image}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look every container of the records up in the database."""
    store = view.store
    if not store.libpod or not all(state.whole for state in store.libpod):
        return
    known = {key for state in store.libpod for key in state.containers}
    for container in store.containers:
        if container.id in known or container.engine == "cri-o":
            continue
        image = view.rel.images.get(container.image)
        held = (image.names[0] if image.names else image.id) if image is not None else "no image"
        buildah = by_buildah(store, container)
        yield this.found(
            view.container(container),
            [(container.where, f"a container in {store.libpod[0].path}", "none")],
            name=container.name or container.id,
            made="Buildah made it" if buildah else "podman forgot it, or another tool made it",
            image=held,
            buildah=buildah,
        )


def by_buildah(store: Store, container: ContainerRecord) -> bool:
    """Tell whether Buildah made a container: it keeps a file of its own with it."""
    return container.engine == "buildah" or "userdata/buildah.json" in store.container_files.get(container.id, {})
