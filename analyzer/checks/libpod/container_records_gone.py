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
    Prune nothing. Put `overlay-containers` back from a backup; without one, save what the containers' layers hold,
    then remove the containers from the database with `podman rm -f ID`.

Engine source
    containers/storage containers.go: load makes the directory and its lock whenever a store is opened; libpod
    storage.go.
"""

from __future__ import annotations

from analyzer.checks.absence import weigh
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, rule

PART = "containers"


@rule(
    "LPD-009",
    severity=ERROR,
    needs=(Need.WHOLE_ARCHIVE,),
    says="{path} is missing, but podman's database has containers that need it: {names}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for the index of the containers that the database knows."""
    store = view.store
    if not store.libpod or not store.libpod[0].whole or any(key.startswith(f"{PART}/") for key in store.documents):
        return
    needing = [each for each in store.libpod[0].containers.values() if not each.rootfs and not each.missing]
    path = store.part_path(PART, f"{PART}.json")
    carried = weigh(view.capture.part(store, PART), ERROR, f"{path} and what belongs to it")
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
