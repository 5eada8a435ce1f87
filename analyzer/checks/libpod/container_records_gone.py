"""The records of podman's containers are gone as a whole.

What it finds
    Containers in podman's database that need storage, while the store has neither a containers.json nor, in its
    place, the records of a transient store.

Why it matters
    Podman lists the containers and none can be started; their layers belong to nobody, and a prune removes them with
    all that the containers wrote.

How sure
    What the rest of the capture keeps decides whether the part was removed or left out; where nothing tells, it is
    said and the verdict stays open.

Remedy
    Prune nothing. `analyzer plan` writes the records again, from podman's database, the layers that belong to
    nobody, and the files of Buildah's and CRI-O's.

Engine source
    containers/storage containers.go: load makes the directory and its lock whenever a store is opened; libpod
    storage.go.
"""

from __future__ import annotations

from analyzer.capture.answer import Answer, Unknown
from analyzer.checks.absence import weigh
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.libpod.state import LibpodContainer

PART = "containers"
PARTS = {PART, "images", "layers"}


@rule(
    "LPD-009",
    severity=ERROR,
    needs=(Need.WHOLE_ARCHIVE,),
    says="{path} is missing, but podman's database has containers that need it: {names}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for the index of the containers that the database knows."""
    store, needing = view.store, without_index(view)
    path = store.part_path(PART, f"{PART}.json")
    answer: Answer = view.capture.part(store, PART)
    if store.part_dirs.keys() == PARTS and not store.documents:  # saving an index moves the time of its directory
        answer = view.capture.emptied_together(store) or Unknown("the bundle has no index file at all")
    carried = weigh(answer, ERROR, f"{path} and what belongs to it")
    if not needing or carried is None:
        return
    names = sorted(each.name or each.id for each in needing)
    yield this.found(
        view.file(path),
        [(each.where, f"a record in {path}", "no such file") for each in needing[:5]],
        path=path,
        part="containers",
        count=len(needing),
        names=", ".join(names[:5]),
        **carried,
    )


def without_index(view: StoreView) -> list[LibpodContainer]:
    """Return the containers of podman's database that need a containers.json which the store does not have.

    Beside a volatile index, which a transient store has alone, only those whose data directory is there.
    """
    store = view.store
    if not store.libpod or not store.libpod[0].whole or f"{PART}/{PART}.json" in store.documents:
        return []
    known = store.libpod[0].containers.values()
    needing = [each for each in known if not (each.rootfs or each.missing or each.id in view.rel.containers)]
    volatile = any(key.startswith(f"{PART}/") for key in store.documents)
    return [each for each in needing if not volatile or each.id in store.container_files]
