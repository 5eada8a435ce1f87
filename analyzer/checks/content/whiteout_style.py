"""Whiteouts are not in the style of the mount program in use.

What it finds
    Image layers whose deletions are regular files `.wh.NAME`, the style of fuse-overlayfs, in a store whose
    `.has-mount-program` says `false`, or where other layers have character devices 0:0, the style of native overlay,
    and no mount program is set.

Why it matters
    Native overlay shows `.wh.NAME` as an ordinary file, and the file it should hide reappears. It happens when the
    mount program was taken out of storage.conf, or rootless and root engines share one root.

How sure
    High: only whiteouts that the layer tar itself has are counted. Devices in a store of fuse-overlayfs are not told,
    because it understands both.

Remedy
    Set `mount_program` again in storage.conf where it was unset; else `analyzer plan` restores the layer's files from a
    new pull of the image; no image or container is removed. A layer built here that no registry has can only come from
    a backup.

Engine source
    containers/storage drivers/overlay/overlay.go: getWhiteoutFormat, scanForMountProgramIndicators.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.overlay import text_of
from analyzer.verify.storage_options import storage_options


@rule(
    "OVL-016",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS, Need.OVERLAY, Need.CONTENT),
    says="layer {layer} has {count:whiteout} stored as files (.wh.NAME), but {because}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Tell layers in the style of fuse-overlayfs where native overlay is used."""
    home = view.store.home
    mark = (text_of(home.mount_program) or "").strip()
    if mark == "true" or storage_options(view.snapshot.host).mount_program:
        return
    native = [layer_id for layer_id, facts in view.contents.items() if facts.whiteouts[0]]
    if mark != "false" and not native:
        return
    because = "the store uses no mount program" if mark == "false" else f"layer {native[0]} has them as devices"
    for layer_id, facts in view.contents.items():
        devices, files = facts.whiteouts
        if not files:
            continue
        first = f"{facts.diff}/{facts.whiteout_file}"
        place = Where(home.mount_program.path if home.mount_program else home.path)
        yield this.found(
            view.layer(layer_id, facts.diff),
            [
                (Where(first), "a character device 0:0", "a regular file .wh.NAME"),
                (place, "true, the mark of a mount program", mark or "no mark"),
            ],
            severity=ERROR if mark == "false" else WARNING,
            layer=layer_id,
            layers=[layer_id],
            count=files,
            devices=devices,
            because=because,
        )
