"""Which owner on disk an owner of the image becomes (containers/storage pkg/idtools: ToHost)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.store import Store

ANY = -1
"""An owner that cannot be foretold."""


class Ids(dict[int, int]):
    """Ids on disk by id in the image; computed once each, `ANY` where not known.

    Args:
        ranges: (container id, host id, size) of the layer, empty for the identity.
        root: what id 0 becomes in a rootless store, where other ids are not known (subuids are not in the bundle);
            None in a store of root.
    """

    def __init__(self, ranges: Sequence[tuple[int, int, int]], root: int | None) -> None:
        super().__init__()
        self._ranges = ranges
        self._root = root

    def __missing__(self, inside: int) -> int:
        """Compute and keep one id."""
        if len(self) > 100_000:
            self.clear()
        value = self[inside] = self._on_disk(inside)
        return value

    def _on_disk(self, inside: int) -> int:
        if self._root is not None:
            return self._root if inside == 0 and not self._ranges else ANY
        if not self._ranges:
            return inside
        for first, host, size in self._ranges:
            if first <= inside < first + size:
                return host + inside - first
        return ANY


class UnknownIds(Ids):
    """Owners that tell nothing: chown errors were ignored, or the bundle keeps none."""

    def __init__(self) -> None:
        super().__init__((), None)

    def _on_disk(self, _inside: int) -> int:
        return ANY


def owners_of(record: LayerRecord, store_owner: tuple[int, int]) -> tuple[Ids, Ids]:
    """Return how user and group ids of a layer look on disk."""
    if store_owner[0] == 0:
        return Ids(record.uidmap, None), Ids(record.gidmap, None)
    return Ids(record.uidmap, store_owner[0]), Ids(record.gidmap, store_owner[1])


def unmoved(record: LayerRecord, uid: int, gid: int) -> bool:
    """Tell whether the map of a layer makes the same owner of one: a copy with changed owners leaves such files below.

    Source: containers/storage drivers/overlay `UpdateLayerIDMap`, drivers/chown.go: what keeps its owner is not written
    and so not copied up.
    """
    return all(
        any(first <= inside < first + size and first == host for first, host, size in ranges)
        for inside, ranges in ((uid, record.uidmap), (gid, record.gidmap))
    )


def store_owner(store: Store) -> tuple[int, int]:
    """Return whose store it is: (0, 0) in one of root, the user's in a rootless one.

    Only root can write `trusted.` attributes. Else the index files tell, whose owner a `chown -R` over the layers
    leaves alone, and at last most layer directories.
    """
    home = store.home
    if any(name.startswith("trusted.") for name in attribute_names(store)):
        return (0, 0)
    members = [document.file.member for document in store.documents.values()]
    counted = Counter((member.uid, member.gid) for member in members)
    if not counted:
        counted = Counter((layer.member.uid, layer.member.gid) for layer in home.layers.values() if layer.member)
    return min(counted, key=lambda owner: (-counted[owner], owner)) if counted else (0, 0)


def attribute_names(store: Store) -> Iterator[str]:
    """Yield the name of every extended attribute below the layers of a store, as often as it stands there."""
    for layer in store.home.layers.values():
        for member in layer.entries.values():
            yield from member.xattrs
        for table in layer.tables.values():
            for _, _, xattrs, _ in table.extra.values():
                yield from xattrs
