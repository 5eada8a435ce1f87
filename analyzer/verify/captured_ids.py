"""What a bundle keeps of owners, device nodes and attributes: a fact it keeps nowhere was lost on the way, not here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.snapshot.content import KIND_CODE
from analyzer.source.member import BLOCK, CHAR

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator

    from analyzer.snapshot.snapshot import BundleSnapshot
    from analyzer.snapshot.store import Store
    from analyzer.source.member import Member

NODES = (KIND_CODE["char"], KIND_CODE["block"])
PRIVILEGED = ("trusted.", "security.capability")
MARKS = ("user.overlay.", "user.fuseoverlayfs.", "user.containers.")


@dataclass(frozen=True, slots=True)
class Capture:
    """What was seen anywhere in the stores of a bundle.

    Attributes:
        owners: more than one owner.
        nodes: a device node.
        privileged: an attribute only root can read or write.
        user: an attribute of the `user.` namespace.
        marks: an overlay mark of the `user.` namespace.
        unpacked: a directory whose every file belongs to one ordinary user: modes and nodes did not survive.
    """

    owners: bool
    nodes: bool
    privileged: bool
    user: bool
    marks: bool
    unpacked: bool


def captured(snapshot: BundleSnapshot) -> Capture:
    """Look over every store; linear in entries, at the speed of C for the large columns."""
    uids: set[int] = set()
    gids: set[int] = set()
    nodes = False
    names: set[str] = set()
    for store in snapshot.stores:
        for member in _members(store):
            nodes = nodes or member.kind in (CHAR, BLOCK)
            uids.add(member.uid)
            gids.add(member.gid)
            names.update(member.xattrs)
        for layer in store.home.layers.values():
            for table in layer.tables.values():
                kinds = table.kinds.tobytes()
                nodes = nodes or any(code in kinds for code in NODES)
                uids.update(_values(table.uids))
                gids.update(_values(table.gids))
                names.update(*(extra[2] for extra in table.extra.values()))
    owners = len(uids) > 1 or len(gids) > 1
    return Capture(
        owners,
        nodes,
        any(name.startswith(PRIVILEGED) for name in names),
        any(name.startswith("user.") for name in names),
        any(name.startswith(MARKS) for name in names),
        snapshot.bundle.format == "directory" and not owners and uids != {0},
    )


def _values(column: array[int]) -> set[int]:
    """Return the values in a column; most have one value only."""
    data = column.tobytes()
    return set(column[:1] if data == data[: column.itemsize] * len(column) else column)


def _members(store: Store) -> Iterator[Member]:
    home = store.home
    yield from filter(None, (home.member, home.link_dir, *home.others.values()))
    for layer in home.layers.values():
        if layer.member is not None:
            yield layer.member
        yield from layer.entries.values()


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
