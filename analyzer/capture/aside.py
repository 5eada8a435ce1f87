"""What a check of the file system took out of a store: `lost+found` holds what lost its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.snapshot.snapshot import BundleSnapshot
    from analyzer.snapshot.store import Store

PLACE = "lost+found"


def found_by_fsck(snapshot: BundleSnapshot, store: Store) -> str:
    """Return the first entry of a `lost+found` on the way to a store or in it, `""` where there is none."""
    for path in sorted(snapshot.folders):
        place, _, _ = path.rpartition("/")
        top, _, name = place.rpartition("/")
        if name == PLACE and (not top or f"{store.root}/".startswith(f"{top}/")):
            return path
    return ""
