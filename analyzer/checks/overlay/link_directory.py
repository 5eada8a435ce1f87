"""`overlay/l` is missing, empty or not a directory of short links.

What it finds
    An `overlay/l` that is a symlink or a file; or one that is absent or empty while layers have their `link` text.

Why it matters
    With something else in its place no engine starts: `mkdir …/overlay/l: file exists`. An absent or emptied `l` is
    the trace of a layer that was removed while its `link` was empty: the driver then deletes `overlay/l` as a whole.
    The next mount makes the symlinks again from the `link` files, except those of layers whose `link` is bad too.

How sure
    High where `l` is no directory. Where its symlinks are absent, the copy may have left symlinks out: then it is a
    warning where the bundle has symlinks elsewhere (in layers, or in another store). Where it has none, it cannot be
    told; it is left open, and the verdict with it.

Remedy
    With the engines stopped, remove what stands in the place of `l`; the next start makes the directory and the next
    mount its symlinks. Mend every `link` file reported as empty first.

Engine source
    containers/storage drivers/overlay/overlay.go: Init, removeCommon, recreateSymlinks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.checks.evidence import Need
from analyzer.checks.finding import CRITICAL, INFO, LOW, MEDIUM, WARNING, Finding
from analyzer.checks.rule import Rule, rule
from analyzer.snapshot.provenance import Where
from analyzer.source.member import DIRECTORY, SYMLINK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.checks.store_view import StoreView


@rule(
    "OVL-006",
    severity=CRITICAL,
    needs=(Need.OVERLAY,),
    says="{path} is {seen}, where a directory of short links is expected; {effect}",
)
def check(view: StoreView, this: Rule) -> Iterator[Finding]:
    """Look at `overlay/l` itself."""
    home = view.store.home
    path = f"{home.path}/l"
    if home.link_dir is not None and home.link_dir.kind != DIRECTORY:
        kind = home.link_dir.kind
        yield this.found(
            view.file(path),
            [(Where(path), "a directory", f"a {kind}")],
            variant="type",
            path=path,
            seen=f"a symlink to {home.link_dir.link}" if kind == SYMLINK else f"a {kind}",
            effect="no engine starts on this store (mkdir: file exists)",
        )
        return
    lacking = sum(1 for directory in home.layers.values() if directory.link_id)
    if home.links or not lacking or home.member is None:
        return
    elsewhere = _symlink_elsewhere(view)
    yield this.found(
        view.file(path),
        [(Where(path), f"the symlinks of {lacking} layers", "none" if home.link_dir else "absent")],
        severity=WARNING if elsewhere else INFO,
        confidence=MEDIUM if elsewhere else LOW,
        variant="emptied",
        path=path,
        seen="empty" if home.link_dir else "absent",
        effect="the next mount re-makes the links" + ("" if elsewhere else "; or the copy left symlinks out"),
        doubt=""
        if elsewhere
        else f"{path} has none of the {lacking} short links and the bundle no other symlink: removed, or not captured",
    )


def _symlink_elsewhere(view: StoreView) -> bool:
    """Tell whether the bundle holds any symlink of another store or below a diff directory: the copy kept symlinks."""
    if any(member.kind == SYMLINK for store in view.snapshot.stores for member in store.home.links.values()):
        return True
    for directory in view.store.home.layers.values():
        for table in directory.tables.values():
            if any(entry.kind == SYMLINK for entry in table):
                return True
    return False
