"""Directory in the driver's home belongs to no layer record.

What it finds
    A directory in `overlay/` (or `vfs/dir/`, `btrfs/subvolumes/`) whose name no layer record of the stores in use has.

Why it matters
    Usually wasted space, left by a removal or a pull that was cut short; `containers-storage check` says `layer in
    lower level storage driver not accounted for`, and CRI-O since 1.28 deletes it at its next start. But where a
    layer, an image or a container still names it, only its *record* was lost, and the directory is what can be saved:
    then no engine may be started before the record is back. A directory without a `link` file, whatever it is, stops
    the driver from repairing short links.

How sure
    High that no record in the bundle names it. Records of a transient store live in the run root, and volatile ones
    in volatile-layers.json: where these are not in the bundle, the directory may be accounted for.

Remedy
    Where nothing names it: `podman system check` or CRI-O's next start removes it. A left-over of a feature test is
    removed by hand.

Engine source
    containers/storage check.go, store.go: GarbageCollect; drivers/overlay/overlay.go: ListLayers, recreateSymlinks.
"""

from __future__ import annotations

import re
from typing import Any

from analyzer.checks.overlay.lowers import Lowers, lowers_of
from analyzer.checks.rule import INFO, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.overlay import LayerDirectory, lower_ids, text_of
from analyzer.words import totals

FEATURE_TEST = re.compile(r"(?:compat|opaque-bug-check|metacopy-check|volatile-check|d_type|redirect|idmapped)[^/]*")
LAYER = "directory {path} has no layer record{doubt}; {fate}"
LEFT_OVER = "directory {path} is no layer but {kind}; {fate}"


@rule(
    "OVL-013",
    severity=WARNING,
    needs=(Need.WHOLE_ARCHIVE, Need.ALL_LAYER_RECORDS),
    says=LAYER,
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look up the record of every directory of this store's home."""
    home = view.store.home
    unknown = [each for name, each in sorted(home.layers.items()) if name not in view.rel.layers]
    if not unknown:
        return
    lowers = lowers_of(view.rel)
    any_link = any(directory.link for directory in home.layers.values())
    doubt = _doubt(view)
    for directory in unknown:
        stops_repair = view.store.driver == "overlay" and any_link and directory.link is None
        if HEX_ID.fullmatch(directory.name):
            facts = _facts(view, lowers, directory)
            says, severity = LAYER, WARNING
        else:
            test = bool(FEATURE_TEST.fullmatch(directory.name))
            kind = "left over from a feature test of the driver" if test else "something else"
            facts = {"kind": kind, "needed": False, "layers": [], "images": [], "containers": []}
            facts["fate"] = "it stops the driver's repair of short links" if stops_repair else "it does no harm"
            says, severity = LEFT_OVER, WARNING if stops_repair else INFO
        yield this.found(
            view.layer(directory.name, directory.path),
            [(Where(directory.path), "a layer record of that id", "none in the bundle")],
            severity=severity,
            variant="needed" if facts["needed"] else "",
            says=says,
            layer=directory.name,
            path=directory.path,
            doubt=doubt,
            stops_repair=stops_repair,
            **facts,
        )


def _facts(view: StoreView, lowers: Lowers, directory: LayerDirectory) -> dict[str, Any]:
    """Return who still names the directory, and what it stands on."""
    name = directory.name
    users = users_of(view, [name])
    children = sorted(view.rel.children.get(name, ()))
    needed = bool(users or children)
    fate = "nothing names it: wasted space"
    if needed:
        who = users.words if users else totals((len(children), "layer"))
        fate = f"yet it is needed by {who}: only its record is lost, so let no engine start, which would delete it"
    links = lower_ids(text_of(directory.lower) or "") or []
    return {
        "needed": needed,
        "fate": fate,
        "layers": [name],
        "children": children,
        "images": users.images,
        "containers": users.containers,
        "stands_on": [owner for owner in (lowers.layer_of(link) for link in links) if owner],
        "tar_split": any(name in store.tar_splits for store in view.rel.stores),
        "mtime_ns": directory.member.mtime_ns if directory.member else 0,
    }


def _doubt(view: StoreView) -> str:
    """Return in words which records may be missing from the bundle."""
    volatile = view.store.document("layers", "volatile-layers.json")
    if volatile is not None and volatile.empty:
        return f" ({volatile.path} is empty, it may have been named there)"
    if not any(store.documents_of("containers") for store in view.rel.stores):
        return " (no container records are in the bundle; those of a transient store live in the run root)"
    return ""
