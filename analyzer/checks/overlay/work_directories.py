"""`work` or `merged` of a layer is not a directory.

What it finds
    A `work` or `merged` that is something else; or a container's read-write layer without `work`.

Why it matters
    A read-write mount needs `work` (the kernel refuses the mount with a message about `workdir`), so the container
    does not start. A missing `merged` is made again by the driver and is not reported, nor a `work` missing from a
    layer that is only mounted read-only.

How sure
    High: the entry is in the bundle, or other layers have theirs.

Remedy
    With the engines stopped, make the directory with mode 0700.

Engine source
    containers/storage drivers/overlay/overlay.go: create, get.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.checks.evidence import Need
from analyzer.checks.finding import WARNING, Finding
from analyzer.checks.rule import Rule, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.provenance import Where
from analyzer.source.member import DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.checks.store_view import StoreView


@rule(
    "OVL-011",
    severity=WARNING,
    needs=(Need.OVERLAY, Need.LAYER_RECORDS),
    says="{name} of layer {layer} is {seen}, where a directory is expected; needed by {needed}",
)
def check(view: StoreView, this: Rule) -> Iterator[Finding]:
    """Look at `work` and `merged` of every layer directory that has a record."""
    home = view.store.home
    any_work = any("work" in directory.entries for directory in home.layers.values())
    for directory in home.layers.values():
        record = view.rel.layers.get(directory.name)
        if record is None:
            continue
        for name in ("work", "merged"):
            entry = directory.entries.get(name)
            if entry is None:
                writable = name == "work" and any_work and directory.name in view.rel.owner_of
                seen = "missing" if writable and not record.incomplete else ""
            else:
                seen = "" if entry.kind == DIRECTORY else f"a {entry.kind}"
            if seen:
                users = users_of(view, [directory.name])
                yield this.found(
                    view.layer(directory.name, directory.path),
                    [(Where(f"{directory.path}/{name}"), "a directory", seen)],
                    variant=name,
                    name=name,
                    layer=directory.name,
                    layers=[directory.name],
                    images=users.images,
                    containers=users.containers,
                    needed=users.words,
                    seen=seen,
                )
