"""Record of a layer has an id map that its directory was not made with.

What it finds
    A layer whose record has an id map while its own directory belongs to another user than the map's root. The driver
    gives the directories of a mapped layer to the root of its map when it makes them.

Why it matters
    Containers see every file of the layer under foreign owners, most of them as `nobody`.

How sure
    High for copies that keep owners. In a rootless store the ids are those of a name space, so only a directory of the
    user's own counts. Not judged are copies that an image lists as mapped: somebody may have given them back to root.

Remedy
    With the engines stopped, put the map of a copy of layers.json back; or remove what stands on the layer and pull it
    again.

Engine source
    containers/storage drivers/overlay/overlay.go: create; drivers/vfs/driver.go: create (idtools.MkdirAs).
"""

from __future__ import annotations

from analyzer.capture.ids import cut_to_fit
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.verify.id_maps import store_owner


@rule(
    "LAY-017",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS,),
    says="layer {layer} has a map to {expected} in its record, and its directory belongs to {seen}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare the owner of every mapped layer's directory with the root of its map."""
    kept = view.capture.kept
    if not (kept.owners and kept.folder_owners):
        return
    user = store_owner(view.store)[0]
    for record in view.store.layers:
        directory = view.store.home.layers.get(record.id)
        root = next((host for inside, host, _ in record.uidmap if inside == 0), None)
        if not record.uidmap or directory is None or directory.member is None or record.id in view.rel.mapped:
            continue
        seen = directory.member.uid
        if seen == root or (root is not None and cut_to_fit(root, seen, kept.largest_id)):
            continue
        if user and (seen != user or root == 0):
            continue
        expected = "no user as root" if root is None else f"user {root} as root"
        yield this.found(
            view.layer(record.id, directory.path),
            [
                (record.where.field("uidmap"), f"user {seen} as root", expected),
                (Where(directory.path), expected, f"user {seen}"),
            ],
            layer=record.id,
            layers=[record.id],
            seen=f"user {seen}",
            expected=expected,
        )
