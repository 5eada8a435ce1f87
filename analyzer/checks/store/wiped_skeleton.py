"""Only mount points, or only layer directories, are left of a store.

What it finds
    A driver directory whose layer directories hold nothing but `merged` (no `diff`, `link` or `lower`), with no index
    file, no lock file and no image data in the whole store. Or layer directories that are whole, with no index file in
    any of the three directories for them, which were all changed at one time.

Why it matters
    A wipe (`crio wipe`, `rm -rf`) removed everything except what was mounted at that moment. No image and no
    container is left; the engine makes a new store around the rest and trips over the directories.

How sure
    High: no engine makes a layer directory without `diff` and `link`, and a capture that leaves files out still has
    the `diff` directories. Emptied directories are told by their times: an engine never writes all three at once.

Remedy
    Stop the engine, unmount what is mounted below the graph root, remove the rest, start the engine and pull again.

Engine source
    CRI-O cmd/crio/wipe.go; containers/storage drivers/overlay/overlay.go: create; openshift/installer#2104.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.store import GRAPH_ROOT
from analyzer.snapshot.times import format_time

MOUNT_POINT = "merged"
SHOWN = 4
EMPTIED = (
    "no index file is left of the store {root}, whose directories were changed together at {removed_at}: the engine "
    "knows nothing of its {count:layer directory}"
)


@rule(
    "STO-023",
    severity=CRITICAL,
    needs=(Need.WHOLE_ARCHIVE,),
    says=(
        "only mount points are left of the store {root}: {count:layer directory} with nothing but `merged`, no "
        "index file and no image"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Tell the skeleton that a wipe leaves around mounts."""
    store = view.store
    layers = store.home.layers
    emptied = view.capture.emptied_together(store)
    if store.role == GRAPH_ROOT and emptied is not None:
        yield this.found(
            view.store_subject(),
            [(Where(each.member.path), "an index file", "none") for each in store.part_dirs.values()],
            variant="indexes",
            says=EMPTIED,
            root=store.root or ".",
            count=len(layers),
            containers=len(store.container_files),
            removed_at=format_time(emptied.when_ns) if emptied.when_ns is not None else "",
        )
        return
    if store.role != GRAPH_ROOT or store.driver != "overlay" or not layers:
        return
    if store.documents or store.locks or store.image_files or store.layer_files or store.tar_splits or store.home.links:
        return
    if any(set(layer.entries) != {MOUNT_POINT} or layer.tables for layer in layers.values()):
        return
    yield this.found(
        view.store_subject(),
        [(Where(layer.path), "diff, link and the like", "merged alone") for layer in list(layers.values())[:SHOWN]],
        root=store.root or ".",
        count=len(layers),
        containers=len(store.container_files),
    )
