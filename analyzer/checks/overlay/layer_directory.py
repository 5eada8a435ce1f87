"""Layer in layers.json has no directory in the driver's home.

What it finds
    A layer record for which no store of the bundle has a directory (`overlay/<id>`, `vfs/dir/<id>`).

Why it matters
    The layer's files are gone, and with them every image and container that goes through it:
    `faccessat …/overlay/<id>: no such file or directory`. Listing images still works, so the damage shows only when a
    container starts. The short link to it dangles, which also stops the driver from repairing any other link.

How sure
    High: the bundle was read whole and holds directories of other layers of the same store. A bundle of records only
    is not judged. Directories in an image store or in additional stores count. A container's layer whose short link is
    gone too may have been removed by the engine while the bundle was made: a warning. Where `overlay/l` is all that is
    left of the home, the directories were removed, or a capture took the links alone: it is told, and left open.

Remedy
    Remove the images in question by id and pull them again; with CRI-O the record must go too before a pull can bring
    the layer back. Do not make an empty directory.

Engine source
    containers/storage drivers/overlay/overlay.go: dir2, get; check.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.checks.evidence import Need
from analyzer.checks.finding import ERROR, HIGH, INFO, LOW, MEDIUM, WARNING, Finding
from analyzer.checks.overlay.lowers import lowers_of
from analyzer.checks.rule import Rule, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.provenance import Where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.checks.store_view import StoreView

LINKS_LEFT = "{path} holds no directory of the {count} layers that have a record, only the {links} short links to them"
EMPTIED = "{path} holds no layer directory, while {count} layers have a record; what is left in it is {left}"
HOMES = {"overlay": "", "vfs": "dir/", "btrfs": "subvolumes/"}


@rule(
    "OVL-012",
    severity=ERROR,
    needs=(Need.WHOLE_ARCHIVE, Need.LAYER_RECORDS),
    says="layer {layer} has a record but no directory {path}; needed by {needed}",
)
def check(view: StoreView, this: Rule) -> Iterator[Finding]:
    """Look up the directory of every layer record of this store."""
    home = view.store.home
    if view.store.driver not in HOMES:
        return
    if not home.layers:
        yield from _emptied_home(view, this)
        return
    symlinks = lowers_of(view.rel).symlinks
    for record in view.store.layers:
        if not record.id or view.rel.layers[record.id] is not record or record.incomplete:
            continue
        if view.rel.directory(record.id) is not None:
            continue
        links = [f"{home.path}/l/{name}" for name in symlinks.get(record.id, ())]
        path = f"{home.path}/{HOMES[view.store.driver]}{record.id}"
        users = users_of(view, [record.id])
        removed = bool(home.links and not links and not users.images)
        yield this.found(
            view.layer(record.id, path),
            [
                (Where(path), "the directory of the layer", "absent"),
                (record.where, "a layer with a directory", f"a record of layer {record.id}"),
            ],
            severity=WARNING if removed or not users else ERROR,
            confidence=MEDIUM if removed else HIGH,
            layer=record.id,
            layers=[record.id],
            images=users.images,
            containers=users.containers,
            needed=users.words,
            path=path,
            symlinks=links,
        )


def _emptied_home(view: StoreView, this: Rule) -> Iterator[Finding]:
    """Report a home that holds nothing but the driver's own marks: they survive `rm -rf overlay/*`.

    Records with `overlay/l` alone may be a capture that left the layers out: that is told as a doubt.
    """
    home, store = view.store.home, view.store
    recorded = [record.id for record in store.layers if record.id and not record.incomplete]
    if not recorded or all(view.rel.directory(layer) is not None for layer in recorded):
        return
    if home.link_dir is not None or home.links:
        yield _links_left(view, this, recorded)
        return
    left = sorted(home.others)
    if home.member is None or not left:
        return
    users = users_of(view, recorded)
    path = f"{home.path}/{HOMES[store.driver]}".rstrip("/")
    yield this.found(
        view.file(path),
        [(Where(path), f"directories of {len(recorded)} layers", f"none; only {', '.join(left[:5])}")],
        severity=ERROR if users else WARNING,
        says=EMPTIED,
        path=path,
        count=len(recorded),
        left=", ".join(left[:5]),
        layers=recorded,
        images=users.images,
        containers=users.containers,
        needed=users.words,
    )


def _links_left(view: StoreView, this: Rule, recorded: list[str]) -> Finding:
    home = view.store.home
    return this.found(
        view.file(home.path),
        [(Where(home.path), f"directories of {len(recorded)} layers", f"none; only l with {len(home.links)} links")],
        severity=INFO,
        confidence=LOW,
        variant="links-left",
        says=LINKS_LEFT,
        path=home.path,
        count=len(recorded),
        links=len(home.links),
        doubt=f"{home.path} has short links and not one layer directory: removed, or left out of the capture",
    )
