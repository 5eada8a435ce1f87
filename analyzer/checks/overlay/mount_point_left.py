"""A mount point holds files while nothing is mounted.

What it finds
    Entries in a layer's `merged` that are not those of a mounted layer: the layers below it have top-level names that
    `merged` lacks. A layer that was mounted while the bundle was made shows them all.

Why it matters
    The engine takes a new mount point by replacing the directory, and removes a container by removing it: both fail
    with `directory not empty`. The container can neither start nor be removed, and CRI-O retries for ever.

How sure
    High: names are compared that no layer of the chain hides.

Remedy
    With the container stopped and nothing mounted there, move what lies in `merged` aside (it is what was written to
    the bare directory: bind-mount targets, secrets), and let the engine go on.

Engine source
    containers/storage drivers/overlay/overlay.go: Put, get; system.EnsureRemoveAll; cri-o#8596, podman#23504.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.content import KIND_CODE

SHOWN = 5
CHARACTER = KIND_CODE["char"]
HIDES = ".wh."
EMPTIED = (".wh..wh..opq", ".wh..opq")


@rule(
    "OVL-026",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS, Need.OVERLAY, Need.DIFF_LISTING),
    says=(
        "mount point {path} holds {count:entry} ({names}), but layer {layer} is not mounted: {missing}, which "
        "the layers below show, is not there"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare the names in each mount point with those that a mount would show."""
    for layer_id, directory in view.store.home.layers.items():
        if not directory.mounted or layer_id not in view.rel.layers:
            continue
        absent = sorted(_shown(view, layer_id) - directory.mounted_names)
        if not absent or directory.mounted_names <= view.capture.strewn:
            continue
        path = f"{directory.path}/merged"
        holders = sorted(view.rel.containers_hit([layer_id]))
        names = ", ".join(sorted(directory.mounted_names)[:SHOWN])
        yield this.found(
            view.layer(layer_id),
            [(Where(path), f"no entries, or all of a mounted layer ({', '.join(absent[:SHOWN])})", names)],
            severity=ERROR if holders else WARNING,
            layer=layer_id,
            path=path,
            count=directory.mounted,
            names=names,
            missing=", ".join(absent[:SHOWN]),
            containers=holders,
        )


def _shown(view: StoreView, layer_id: str) -> set[str]:
    """Return top-level names that a mount of a layer surely shows; none where the chain hides names it cannot tell."""
    shown: set[str] = set()
    hidden: set[str] = set()
    for each in view.rel.chain(layer_id):
        directory = view.rel.directory(each)
        table = directory.tables.get("diff") if directory is not None else None
        if table is None:
            continue
        for name, kind in zip(table.names, table.kinds, strict=True):
            if "/" in name:
                continue
            if name in EMPTIED:
                return shown - hidden
            if name.startswith(HIDES):
                hidden.add(name.removeprefix(HIDES))
            elif kind == CHARACTER:
                hidden.add(name)
            else:
                shown.add(name)
    return shown - hidden
