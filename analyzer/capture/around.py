"""What lies around the layer directories of a store: looked over once, asked for every layer that lacks its own."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.snapshot.overlay import BACKING_DEVICE, link_target
from analyzer.snapshot.store import Store


class Around(NamedTuple):
    """What the driver's home tells of layers whose directories it lacks.

    Attributes:
        alone: layers of which the store has the record alone, which no other record names.
        unrecorded: names of layer directories that no record of the store names.
        inside: path of the layer directory that has an entry of that name.
        made: when a layer was made, by its records and its short links, in Unix nanoseconds.
        latest_ns: the youngest time in the home, or when an engine last wrote.
    """

    alone: frozenset[str]
    unrecorded: frozenset[str]
    inside: dict[str, str]
    made: dict[str, list[int]]
    latest_ns: int

    @classmethod
    def of(cls, store: Store, last_write_ns: int) -> Around:
        """Look over a store; linear in its layers and their entries."""
        home = store.home
        inside: dict[str, str] = {}
        made: dict[str, list[int]] = {}
        for layer in home.layers.values():
            for name in layer.entries:
                inside.setdefault(name, layer.path)
        for member in home.links.values():
            made.setdefault(link_target(member), []).append(member.mtime_ns)
        for record in store.layers:
            if record.created_ns is not None:
                made.setdefault(record.id, []).append(record.created_ns)
        seen = [member.mtime_ns for member in home.others.values() if member is not home.holder]
        seen += [layer.member.mtime_ns for layer in home.layers.values() if layer.member is not None]
        recorded = {record.id for record in store.layers}
        unrecorded = frozenset(home.layers.keys() - recorded)
        named = {image.layer for image in store.images} | {container.layer for container in store.containers}
        named.update(record.parent for record in store.layers)
        named.update(map(link_target, home.links.values()), *(each.mapped_layers for each in store.images))
        alone = frozenset(recorded - named - home.layers.keys() - store.tar_splits.keys() - store.layer_files.keys())
        return cls(alone, unrecorded, inside, made, max([*seen, last_write_ns]))


def device_left_out(store: Store) -> bool:
    """Tell whether the bundle lacks the device node in a home of root's, which every start of an engine makes anew."""
    home = store.home
    roots = home.member is not None and not home.member.uid
    return store.driver == "overlay" and roots and BACKING_DEVICE not in home.others


def recorded_alone(store: Store) -> str:
    """Return why layers of which a store has the record alone were recorded like that, `""` where nothing says so.

    Times of directories are those of the node. No capture leaves out a directory, its short link and its tar-split,
    whose names have nothing in common, and an engine that deletes a layer while the bundle is made changes the home
    after the records were read.
    """
    home, index = store.home, store.document("layers", "layers.json")
    overlay = store.driver == "overlay"
    holders = (home.member, home.link_dir) if overlay else (home.holder,)
    if index is None or (overlay and not home.links) or home.layers.keys().isdisjoint(store.tar_splits):
        return ""
    if any(each is None or each.mtime_ns >= index.file.member.mtime_ns for each in holders):
        return ""
    return f"{index.path} was written after {home.path} was last changed, and the store has nothing else of it"
