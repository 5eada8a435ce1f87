"""Lowers of a layer do not fit the mount options of one page.

What it finds
    The layer at which a chain becomes too long for absolute paths: 64 lowers at the default graph root.

Why it matters
    Mount options are limited to a page (4 KiB on most nodes). A longer chain is mounted with paths relative to the
    home directory, and a still longer one (from about 135 lowers) through file descriptors. Both work; they only make
    the mount slower and other tools that read /proc/mounts stumble.

How sure
    High for the number; the page size of the node is not in the bundle.

Remedy
    None needed. Build the image with fewer layers.

Engine source
    containers/storage drivers/overlay/overlay.go: get; drivers/overlay/mount.go.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.overlay import lower_ids, text_of

PAGE = 4096
ABSOLUTE = len("/var/lib/containers/storage/overlay/l/") + 26 + 1
MOST = PAGE // ABSOLUTE


@rule(
    "OVL-017",
    severity=INFO,
    needs=(Need.OVERLAY, Need.LAYER_RECORDS),
    says=(
        "layer {layer} has {number:layer} below it: their absolute paths take {length:byte}, more than one page"
        " ({page}); the driver falls back to relative paths"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Find the layers at which a chain outgrows a page."""
    for directory in view.store.home.layers.values():
        if directory.lower is None or directory.name not in view.rel.layers:
            continue
        parts = lower_ids(text_of(directory.lower) or "")
        if parts and len(parts) == MOST + 1:
            length = len(parts) * ABSOLUTE
            yield this.found(
                view.layer(directory.name, directory.path),
                [(Where(f"{directory.path}/lower"), f"at most {MOST} lowers", f"{len(parts)} lowers")],
                layer=directory.name,
                layers=[directory.name],
                number=len(parts),
                length=length,
                page=PAGE,
            )
