"""Symlink targets that the capture rewrote: GNU tar's `--transform` changes them along with the names.

`tar --transform='s,^,./,'` turns `../<layer>/diff` into `./../<layer>/diff`, in `overlay/l` and in every layer alike.
An engine writes all short links in one form, so one common prefix before all of them is the capture's, and is taken off
again everywhere (GNU tar manual, --transform: flag `s` stands for symlink targets and is on by default).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.snapshot.content import KIND_CODE
from analyzer.snapshot.overlay import TARGET
from analyzer.source.member import SYMLINK, Loss

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.snapshot.store import Store

FEWEST = 2
"""Short links without which there is no form to compare."""


def restore_links(stores: Iterable[Store]) -> list[Loss]:
    """Take a common prefix off all symlink targets of each store; return one note for each store that had one."""
    notes = []
    for store in stores:
        prefix = _prefix(store)
        if prefix:
            _take_off(store, prefix)
            what = f"symlink targets begin with {prefix!r}, put there by the capture (tar --transform): taken off"
            notes.append(Loss(what, f"{store.home.path}/l"))
    return notes


def _prefix(store: Store) -> str:
    targets = [member.link for member in store.home.links.values() if member.kind == SYMLINK]
    if len(targets) < FEWEST or any(TARGET.fullmatch(target) for target in targets):
        return ""
    prefix = targets[0].partition("../")[0]
    if not prefix or not all(
        target.startswith(prefix) and TARGET.fullmatch(target[len(prefix) :]) for target in targets
    ):
        return ""
    return prefix


def _take_off(store: Store, prefix: str) -> None:
    for member in store.home.links.values():
        member.link = member.link.removeprefix(prefix)
    code = KIND_CODE[SYMLINK]
    for layer in store.home.layers.values():
        for table in layer.tables.values():
            for row, (link, device, xattrs, outside) in table.extra.items():
                if table.kinds[row] == code and link.startswith(prefix):
                    table.extra[row] = (link[len(prefix) :], device, xattrs, outside)
