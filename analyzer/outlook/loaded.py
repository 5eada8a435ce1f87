"""The store as an engine holds it in memory after it was opened, and what deleting takes from it.

Mirrors containers/storage store.go (DeleteContainer, DeleteImage, DeleteLayer) and layers.go (load: incomplete layers
are deleted at once).
"""

from __future__ import annotations

import copy

from msgspec import Struct, field

from analyzer.checks.store_view import StoreView
from analyzer.outlook.model import Deletes
from analyzer.snapshot.chain_errors import ChainErrors
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.digests import is_digest
from analyzer.snapshot.documents import Document
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.store import ADDITIONAL, IMAGE_STORE, Store
from analyzer.source.member import FILE

PANIC = "panic: runtime error: invalid memory address or nil pointer dereference"
LATE = "loading primary layer store data: "
"""Before the refusal of layers.json, which is read late."""
TYPES = frozenset({"wrong-type"})


class Loaded(Struct):
    """What an engine knows; ids, with deletions applied as they happen.

    Attributes:
        layers: every layer record, those of read-only stores included.
        own: ids of layers in stores that are written to.
        images, containers: records that can be deleted, by id.
        foreign_images: images of read-only stores, in order.
        directories: layer directories of the driver home.
        refusal: why the store does not open at all, `""` when it does.
        fatal: as `refusal`, where even versions that pass over unreadable records stop.
        unread: index files of images and of containers that do not read, by `images` and `containers`.
        layers_refusal: why layer records cannot be read, `""` when they can.
        gone_layers, gone_images, gone_containers: ids whose record or directory was deleted.
    """

    layers: dict[str, LayerRecord] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    images: dict[str, ImageRecord] = field(default_factory=dict)
    foreign_images: list[ImageRecord] = field(default_factory=list)
    containers: dict[str, ContainerRecord] = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)
    refusal: str = ""
    fatal: str = ""
    unread: dict[str, Document] = field(default_factory=dict)
    layers_refusal: str = ""
    refused_paths: set[str] = field(default_factory=set)
    gone_layers: set[str] = field(default_factory=set)
    gone_images: set[str] = field(default_factory=set)
    gone_containers: set[str] = field(default_factory=set)
    _chains: ChainErrors | None = None

    @property
    def chains(self) -> ChainErrors:
        """Return what walking down from a layer meets, as long as no layer is deleted."""
        if self._chains is None:
            self._chains = ChainErrors(self.layers)
        return self._chains

    def forget_chains(self) -> None:
        """Have `chains` worked out again: layers have changed."""
        self._chains = None

    def copy(self) -> Loaded:
        """Return an independent state."""
        twin = copy.copy(self)
        for name in ("layers", "images", "containers"):
            setattr(twin, name, dict(getattr(self, name)))
        twin.forget_chains()
        for name in ("own", "directories", "gone_layers", "gone_images", "gone_containers"):
            setattr(twin, name, set(getattr(self, name)))
        return twin

    @property
    def deletes(self) -> Deletes:
        """Return how much was deleted so far."""
        return Deletes(len(self.gone_layers), len(self.gone_images), len(self.gone_containers))

    def drop_layer(self, layer_id: str) -> None:
        """Delete a layer's record and directory."""
        self.forget_chains()
        self.own.discard(layer_id)
        self.layers.pop(layer_id, None)
        self.directories.discard(layer_id)
        self.gone_layers.add(layer_id)

    def drop_container(self, container_id: str) -> None:
        """Delete a container with its layer, which nothing protects."""
        container = self.containers.pop(container_id, None)
        if container is None:
            return
        if container.layer in self.own:
            self.drop_layer(container.layer)
        self.gone_containers.add(container_id)


def primary_image_store(stores: list[Store]) -> Store:
    """Return the store whose image directories the engine calls its own."""
    return next((store for store in stores if store.role == IMAGE_STORE), stores[0])


def written(stores: list[Store]) -> list[Store]:
    """Return the stores an engine writes to, in the order it lists their images."""
    own = [store for store in stores if store.role != ADDITIONAL]
    return sorted(own, key=lambda store: store.role != IMAGE_STORE)


def load(view: StoreView) -> Loaded:
    """Open the stores of a view as an engine does, read-write."""
    state = Loaded()
    stores = view.rel.stores
    for store in written(stores):
        for layer in store.layers:
            if layer.id not in state.layers:
                state.layers[layer.id] = layer
                state.own.add(layer.id)
        state.images.update((image.id, image) for image in store.images if image.id not in state.images)
        for container in store.containers:
            state.containers.setdefault(container.id, container)
        _note_refusals(state, store)
    for store in stores:
        if store.role == ADDITIONAL:
            for layer in store.layers:
                state.layers.setdefault(layer.id, layer)
            state.foreign_images += store.images
    state.directories = set(stores[0].home.layers)
    links = stores[0].home.link_dir
    if links is not None and links.kind == FILE:
        state.refusal = state.fatal = f"mkdir …/{stores[0].driver}/l: not a directory"
        state.refused_paths.add(links.path)
    if not state.refusal and not state.layers_refusal:
        for layer_id in sorted(state.own):
            if state.layers[layer_id].incomplete:
                state.drop_layer(layer_id)
    return state


def _note_refusals(state: Loaded, store: Store) -> None:
    for key, document in store.documents.items():
        part = key.partition("/")[0]
        refusal = _refusal(document, _records(store, part))
        if not refusal:
            continue
        state.refused_paths.add(document.path)
        if part == "layers":
            state.layers_refusal = state.layers_refusal or refusal
            continue
        state.refusal = state.refusal or refusal
        if refusal == PANIC:
            state.fatal = PANIC
        else:
            state.unread.setdefault(part, document)
    if "images" not in state.unread and (wrong := _wrong_digest(store)):
        state.refusal = state.refusal or wrong
        state.fatal = state.fatal or wrong


def _records(store: Store, part: str) -> list[LayerRecord] | list[ImageRecord] | list[ContainerRecord]:
    return store.layers if part == "layers" else store.images if part == "images" else store.containers


def _refusal(document: Document, records: list[LayerRecord] | list[ImageRecord] | list[ContainerRecord]) -> str:
    """Return why the engine does not take an index file, `""` when it does; the decoder's own words are left open."""
    kinds = {problem.kind for problem in document.salvaged.problems}
    if "null-row" in kinds and not document.broken:
        return PANIC
    fields = any(record.problems for record in records if record.where.path == document.path)
    if document.broken or kinds & TYPES or fields:
        head, _, name = document.path.rpartition("/")
        return f'loading "…/{head.rpartition("/")[2]}/{name}": …'
    return ""


def _wrong_digest(store: Store) -> str:
    for image in store.images:
        for key, digest in (("", image.digest), *sorted(image.big_data_digests.items())):
            named = key.startswith("manifest") if key else bool(digest)
            if named and not is_digest(digest):
                return f'computing digests for image with ID "{image.id}" ([{" ".join(image.names)}]): …'
    return ""
