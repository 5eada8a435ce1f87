"""Layer in layers.json has no directory in the driver's home.

What it finds
    A layer record for which no store of the bundle has a directory (`overlay/<id>`, `vfs/dir/<id>`), or for which a
    symlink to the directory of another layer stands in its place.

Why it matters
    The layer's files are gone, and with them every image and container that goes through it:
    `faccessat …/overlay/<id>: no such file or directory`. Listing images still works, so the damage shows only when a
    container starts. The short link to it dangles, which also stops the driver from repairing any other link. A symlink
    to another layer's directory is followed: the other layer's files are mounted without any message, and vfs cannot
    make a container on it (`symlink …: file exists`).

How sure
    High: the bundle was read whole and holds directories of other layers of the same store. A bundle of records only
    is not judged. Directories in an image store or in additional stores count. A container's layer whose short link is
    gone too may have been removed by the engine while the bundle was made: it is told, and left open. Where no
    directory is left, the times of the home and of its marks tell whether they were removed; else it is left open. A
    symlink that leads out of the driver's home is not followed, and left open: engines work through it.

Remedy
    `analyzer plan` restores the layer's files from a new pull of the image; no image or container is removed. A layer
    built here that no registry has can only come from a backup. Do not make an empty directory.

Engine source
    containers/storage drivers/overlay/overlay.go: dir2, get; check.go.
"""

from __future__ import annotations

from analyzer.capture.answer import Removed
from analyzer.capture.aside import home_elsewhere
from analyzer.checks.absence import weigh
from analyzer.checks.overlay.lowers import lowers_of
from analyzer.checks.rule import ERROR, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.overlay import LayerDirectory, other_layer
from analyzer.source.member import FILE

EMPTIED = "{path} holds no layer directory, while {count} layers have a record; what is left in it is {left}"
ANOTHER = (
    "{path}, the directory of layer {layer}, is a symlink to that of layer {other}, whose files are served in its "
    "place; needed by {needed}"
)
MOVED = "{path} holds no layer directory, while {count} layers have a record: {aside} has them"
HOMES = {"overlay": "", "vfs": "dir/", "btrfs": "subvolumes/"}


@rule(
    "OVL-012",
    severity=ERROR,
    needs=(Need.WHOLE_ARCHIVE, Need.LAYER_RECORDS),
    says="layer {layer} has a record but no directory {path}; needed by {needed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look up the directory of every layer record of this store."""
    home = view.store.home
    if view.store.driver not in HOMES:
        return
    if not home.layers:
        yield from _emptied_home(view, this)
        return
    symlinks = lowers_of(view.rel).symlinks
    for record in view.layer_records:
        if record.incomplete:
            continue
        if not _absent(view.rel.directory(record.id)):
            continue
        links = [f"{home.path}/l/{name}" for name in symlinks.get(record.id, ())]
        path = f"{home.path}/{HOMES[view.store.driver]}{record.id}"
        other = other_layer(home, record.id)
        seen = f"a symlink to that of layer {other}" if other in home.layers else "absent"
        users = users_of(view, [record.id])
        answer = view.capture.layer_directory(view.store, record.id)
        unlinked = view.store.driver != "overlay" or (home.links and not links)
        if isinstance(answer, Removed) and unlinked and not users.images:
            answer = view.capture.deleted_meanwhile(view.store)
        weight = weigh(answer, ERROR if users else WARNING, f"{path} is gone")
        if weight is None:
            continue
        yield this.found(
            view.layer(record.id, path),
            [
                (Where(path), "the directory of the layer", seen),
                (record.where, "a layer with a directory", f"a record of layer {record.id}"),
            ],
            **weight,
            **users.facts,
            says=ANOTHER if other in home.layers else "",
            other=other if other in home.layers else "",
            path=path,
            symlinks=links,
        )


def _absent(found: LayerDirectory | None) -> bool:
    """Tell whether there is no directory, or a file in its place."""
    return found is None or (found.member is not None and found.member.kind == FILE)


def _emptied_home(view: StoreView, this: Rule) -> Findings:
    """Report a home that holds no layer directory: removed, or left out of the capture."""
    home, store = view.store.home, view.store
    recorded = [record.id for record in store.layers if record.id and not record.incomplete]
    if not recorded or all(view.rel.directory(layer) is not None for layer in recorded):
        return
    aside = home_elsewhere(view.snapshot, store)
    if not aside and home.member is None and home.link_dir is None and not home.links and not home.others:
        return
    left = sorted(name for name, member in home.others.items() if member is not home.holder)
    if home.links or home.link_dir is not None:
        left.append(f"l with {len(home.links)} short links")
    users = users_of(view, recorded)
    words = ", ".join(left[:5]) or "nothing"
    path = f"{home.path}/{HOMES[store.driver]}".rstrip("/")
    answer = Removed(None, f"{aside} holds them") if aside else view.capture.layer_directories(view.store)
    weight = weigh(answer, ERROR if users else WARNING, f"{path} has not one layer directory")
    if weight is None:
        return
    found = f"they lie in {aside}" if aside else f"only {words}"
    yield this.found(
        view.file(path),
        [(Where(path), f"directories of {len(recorded)} layers", f"none; {found}")],
        says=MOVED if aside else EMPTIED,
        aside=aside,
        path=path,
        count=len(recorded),
        left=words,
        layers=recorded,
        images=users.images,
        containers=users.containers,
        needed=users.words,
        **weight,
    )
