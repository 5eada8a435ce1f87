"""Who depends on whom, within the stores that one engine uses together.

Plain dictionaries over records: every layer has one parent, so one pass gives chains, cycles and the blast radius of
every layer (`analyzer.graph.standing`). `analyzer.graph.build` exports the same relations as a networkx graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct, field

from analyzer.graph.standing import Standing
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.overlay import LayerDirectory
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.snapshot.store import Store

CONTENTS = ("contents",)
"""Key of `Relations.memo`."""


class Relations(Struct):
    """Lookups over one group of stores; the first record of an id wins, as in the engine.

    Attributes:
        stores: the graph root, then its image store and additional stores.
        layers, images, containers: records by id.
        layer_store, image_store: the store each record came from.
        children: layer ids by parent id, parents without a record included.
        users_of_image: containers by image id.
        owner_of: containers by the id of their read-write layer.
        images_on, containers_on: ids of images and containers whose chain goes through a layer, by its id.
        cycles: layer ids on a parent cycle, each cycle in walking order.
        mapped: layer id -> id of the image's top layer it is an id-mapped copy of.
        links: link id -> layer directory name, from every store's `l/`.
        remembered: image id -> names that containers' metadata and podman's database give it.
        memo: what others have worked out from these stores, by a key of theirs, so that it is done once.
    """

    stores: list[Store]
    layers: dict[str, LayerRecord] = field(default_factory=dict)
    images: dict[str, ImageRecord] = field(default_factory=dict)
    containers: dict[str, ContainerRecord] = field(default_factory=dict)
    layer_store: dict[str, Store] = field(default_factory=dict)
    image_store: dict[str, Store] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)
    users_of_image: dict[str, list[str]] = field(default_factory=dict)
    owner_of: dict[str, list[str]] = field(default_factory=dict)
    images_on: Standing = field(default_factory=lambda: Standing({}, {}))
    containers_on: Standing = field(default_factory=lambda: Standing({}, {}))
    cycles: list[list[str]] = field(default_factory=list)
    mapped: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    remembered: dict[str, set[str]] = field(default_factory=dict)
    memo: dict[tuple[str, ...], Any] = field(default_factory=dict)

    @property
    def has_contents(self) -> bool:
        """Tell whether the bundle has the contents of any layer, looked up once."""
        if CONTENTS not in self.memo:
            self.memo[CONTENTS] = any(layer.tables for store in self.stores for layer in store.home.layers.values())
        return bool(self.memo[CONTENTS])

    @property
    def on_cycles(self) -> frozenset[str]:
        """Return the layers on parent cycles."""
        return frozenset(layer_id for cycle in self.cycles for layer_id in cycle)

    def image_names(self, image_id: str) -> tuple[str, ...]:
        """Return the names of an image; for one without a record, those its containers were made under."""
        image = self.images.get(image_id)
        if image is not None:
            return image.names
        return tuple(sorted(self.remembered.get(image_id, ())))

    def chain(self, layer_id: str) -> Iterator[str]:
        """Yield `layer_id` and its ancestors, nearest first; an id without a record ends it, a cycle is walked once."""
        seen: set[str] = set()
        while layer_id and layer_id not in seen:
            seen.add(layer_id)
            yield layer_id
            record = self.layers.get(layer_id)
            layer_id = record.parent if record else ""

    def directory(self, layer_id: str, first: Store | None = None) -> LayerDirectory | None:
        """Return the driver directory of a layer, in whichever store it lies; `first` is looked at before the others.

        Stores that are used together may have a copy of one layer each, and the layers of a store lie on its own.
        """
        for store in self.stores if first is None else (first, *self.stores):
            found = store.home.layers.get(layer_id)
            if found is not None:
                return found
        return None

    def descendants(self, layer_ids: Iterable[str]) -> set[str]:
        """Return every layer above the given ones, these included where they have a record or a child."""
        todo = list(layer_ids)
        seen: set[str] = set()
        while todo:
            layer_id = todo.pop()
            if layer_id not in seen:
                seen.add(layer_id)
                todo.extend(self.children.get(layer_id, ()))
        return seen

    def images_hit(self, layer_ids: Iterable[str]) -> set[str]:
        """Return ids of images whose chain (mapped tops included) goes through any of the layers."""
        return self.images_on.on_any(layer_ids)

    def containers_hit(self, layer_ids: Iterable[str]) -> set[str]:
        """Return ids of containers whose chain goes through any of the layers."""
        return self.containers_on.on_any(layer_ids)


def relate(snapshot: BundleSnapshot) -> list[Relations]:
    """Return the relations of every group of stores, in group order."""
    groups = sorted({store.group for store in snapshot.stores})
    return [relate_stores(snapshot.group(number)) for number in groups]


def relate_stores(stores: list[Store]) -> Relations:
    """Return the relations of stores that are used together; linear in records."""
    rel = Relations(stores)
    for store in stores:
        _take_records(rel, store)
    for layer in rel.layers.values():
        if layer.parent:
            rel.children.setdefault(layer.parent, []).append(layer.id)
    for container in rel.containers.values():
        rel.users_of_image.setdefault(container.image, []).append(container.id)
        rel.owner_of.setdefault(container.layer, []).append(container.id)
        name = container.detail("image-name")
        if container.image and name:
            rel.remembered.setdefault(container.image, set()).add(name)
    for made in (each for store in stores for state in store.libpod[:1] for each in state.containers.values()):
        if made.image and made.image_name:
            rel.remembered.setdefault(made.image, set()).add(made.image_name)
    for image in rel.images.values():
        rel.mapped.update((top, image.layer) for top in image.mapped_layers)
    parents = {layer.id: layer.parent for layer in rel.layers.values() if layer.id}
    rel.cycles = find_cycles(parents)
    tops = {image.id: (image.layer, *image.mapped_layers) for image in rel.images.values()}
    rel.images_on = Standing(tops, parents, rel.cycles)
    rel.containers_on = Standing({each.id: (each.layer,) for each in rel.containers.values()}, parents, rel.cycles)
    return rel


def _take_records(rel: Relations, store: Store) -> None:
    for layer in store.layers:
        if layer.id not in rel.layers:
            rel.layers[layer.id] = layer
            rel.layer_store[layer.id] = store
    for image in store.images:
        if image.id not in rel.images:
            rel.images[image.id] = image
            rel.image_store[image.id] = store
    for container in store.containers:
        rel.containers.setdefault(container.id, container)
    for name, member in store.home.links.items():
        target = member.link.removeprefix("../").removesuffix("/diff")
        rel.links.setdefault(name, target)


def find_cycles(parents: dict[str, str]) -> list[list[str]]:
    """Return every cycle of a parent map, each from its smallest id on, in order of these."""
    state: dict[str, int] = {}
    cycles: list[list[str]] = []
    for number, start in enumerate(parents, 1):
        walk: list[str] = []
        node = start
        while node in parents and node not in state:
            state[node] = number
            walk.append(node)
            node = parents[node]
        if state.get(node) == number and node in walk:
            ring = walk[walk.index(node) :]
            first = ring.index(min(ring))
            cycles.append(ring[first:] + ring[:first])
    return sorted(cycles)
