"""Mark of a volatile mount is left on a layer that is not mounted.

What it finds
    `work/work/incompat/volatile` in a layer that was not mounted when the bundle was made.

Why it matters
    The kernel leaves the mark when a volatile mount was not ended cleanly: what the container wrote may never have
    reached the disk. The engine removes the mark before its next mount, so nothing fails.

How sure
    High that the mark is there. A container that was running with its mount in another namespace shows the same.

Remedy
    None for the store. Do not trust what the container wrote last.

Engine source
    containers/storage drivers/overlay/overlay.go: get (the incompat/volatile mark); Linux fs/overlayfs/super.c.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, Findings, Need, Rule, StoreView, Where, rule


@rule(
    "OVL-019",
    severity=INFO,
    needs=(Need.LAYER_RECORDS,),
    says=(
        "layer {layer} still has the marker of a volatile mount: it was not unmounted cleanly, and what its "
        "container wrote may be lost"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for the mark on layers without anything below `merged`."""
    for directory in view.store.home.layers.values():
        if directory.incompat_volatile and not directory.mounted and directory.name in view.rel.layers:
            yield this.found(
                view.layer(directory.name, directory.path),
                [(Where(directory.incompat_volatile), "absent, when the layer is not mounted", "present")],
                layer=directory.name,
                layers=[directory.name],
                containers=sorted(view.rel.owner_of.get(directory.name, ())),
            )
