"""What was taken out of its place and is still in the bundle: by a check of the file system, or by a `mv`."""

from __future__ import annotations

from collections import Counter

from analyzer.snapshot.collect import DIRECTORIES
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.snapshot.store import Store

PARTS = ("layers", "images", "containers")


def found_by_fsck(snapshot: BundleSnapshot, store: Store) -> str:
    """Return the first entry of a `lost+found` on the way to a store or in it, `""` where there is none."""
    for place, path in sorted(snapshot.aside.items()):
        top = place.rpartition("/")[0]
        if not top or f"{store.root}/".startswith(f"{top}/"):
            return path
    return ""


def home_elsewhere(snapshot: BundleSnapshot, store: Store) -> str:
    """Return the directory of a graph root that holds the layer directories in place of the driver's own.

    It lies inside the driver's directory (`overlay/overlay`, a copy into itself) or beside it (`overlay.bak`).
    `""` where the driver's directory has any of them, or where no other has more than half.
    """
    recorded = {layer.id for layer in store.layers}
    if not recorded or not recorded.isdisjoint(store.home.layers):
        return ""
    inner = next((each for each in snapshot.stores if each.root == store.path(store.driver)), None)
    if inner is not None and 2 * len(recorded & inner.home.layers.keys()) > len(recorded):
        return inner.home.path
    beside: Counter[str] = Counter()
    for path in snapshot.folders:
        place, _, name = path.rpartition("/")
        if name in recorded and place.rpartition("/")[0] == store.root and place != store.home.path:
            beside[place] += 1
    place, count = max(beside.items(), key=lambda each: each[1], default=("", 0))
    some = len(snapshot.folders) >= DIRECTORIES  # then not all were kept
    return place if 2 * count > len(recorded) or (count and some) else ""


def part_elsewhere(snapshot: BundleSnapshot, store: Store, part: str) -> str:
    """Return what `<driver>-<part>` was renamed to, as a name beside it says (`overlay-images.old`), else `""`."""
    return "" if part in store.seen else beside(snapshot, store.part_path(part))


def beside(snapshot: BundleSnapshot, path: str) -> str:
    """Return the first directory whose name begins as that of a path and goes on, `""` where there is none."""
    found = (each for each in snapshot.folders if each.startswith(path) and each != path)
    return min((each for each in found if "/" not in each[len(path) :]), default="")


def set_aside(snapshot: BundleSnapshot, store: Store, part: str) -> set[str]:
    """Return names of the data directories in what `<driver>-<part>` was renamed to; a new one may be in its place."""
    there = beside(snapshot, store.part_path(part))
    names = (path.removeprefix(f"{there}/") for path in snapshot.folders if path.startswith(f"{there}/"))
    return {name for name in names if HEX_ID.fullmatch(name)} if there else set()


def renamed(snapshot: BundleSnapshot, store: Store) -> dict[str, str]:
    """Return where directories of a store lie that were moved, by name, both below the graph root."""
    found = {store.driver: home_elsewhere(snapshot, store)}
    found |= {f"{store.driver}-{part}": part_elsewhere(snapshot, store, part) for part in PARTS}
    return {name: there.removeprefix(f"{store.root}/") for name, there in found.items() if there}
