"""What would go and what would break if images, containers or layers were removed. Nothing is removed."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from analyzer.graph.find import CONTAINER, IMAGE, LAYER
from analyzer.graph.relations import Relations
from analyzer.graph.usage import SpaceUsage, usage
from analyzer.snapshot.snapshot import BundleSnapshot


class Freed(Struct, frozen=True):
    """Something that goes: `bytes` is None where no size is known."""

    kind: str
    id: str
    name: str
    bytes: int | None


class RemovalImpact(Struct, frozen=True):
    """Something that stays and cannot do without what goes."""

    kind: str
    id: str
    name: str
    because: str


class Gone(Struct, frozen=True):
    """Ids of what is to be removed."""

    images: frozenset[str] = frozenset()
    containers: frozenset[str] = frozenset()
    layers: frozenset[str] = frozenset()


def removal(snapshot: BundleSnapshot, rel: Relations, gone: Gone) -> tuple[list[Freed], list[RemovalImpact]]:
    """Return what goes and what breaks in one group of stores.

    An image takes its data and every layer along that nothing but it and its containers stands on; a container takes
    its data and its own layer along; a layer goes alone. Sizes are those of `analyzer.graph.usage`.
    """
    use = usage(snapshot, rel)
    return list(_freed(rel, use, gone)), [*_broken_images(rel, gone), *_broken_containers(rel, gone)]


def _freed(rel: Relations, use: SpaceUsage, gone: Gone) -> Iterator[Freed]:
    images = {image.id: image for image in use.images}
    for image_id in sorted(gone.images):
        if image_id in images:
            yield Freed(IMAGE, image_id, ", ".join(rel.image_names(image_id)), images[image_id].big_data)
    for container in use.containers:
        if container.id in gone.containers:
            yield Freed(CONTAINER, container.id, container.name, container.data)
    for layer_id in sorted(_layers(rel, gone)):
        yield Freed(LAYER, layer_id, "", use.layers.get(layer_id))


def _layers(rel: Relations, gone: Gone) -> set[str]:
    """Return the layers that go: those named, and those that nothing needs any more."""
    users = {c for image in gone.images for c in rel.users_of_image.get(image, ())} | gone.containers
    tops = [t for i in gone.images if i in rel.images for t in (rel.images[i].layer, *rel.images[i].mapped_layers)]
    candidates = {layer for top in tops for layer in rel.chain(top)}
    candidates |= {rel.containers[c].layer for c in gone.containers if c in rel.containers}
    unneeded = {
        layer
        for layer in candidates
        if layer and rel.images_on.only(layer, gone.images) and rel.containers_on.only(layer, users)
    }
    own = {rel.containers[c].layer for c in users - gone.containers if c in rel.containers}
    return (unneeded - own) | gone.layers


def _broken_images(rel: Relations, gone: Gone) -> Iterator[RemovalImpact]:
    standing = {layer: rel.images_on.get(layer, set()) for layer in gone.layers}
    for image in rel.images.values():
        lost = [layer for layer, images in standing.items() if image.id in images]
        if lost and image.id not in gone.images:
            yield RemovalImpact(IMAGE, image.id, ", ".join(image.names), f"it stands on layer {min(lost)[:12]}")


def _broken_containers(rel: Relations, gone: Gone) -> Iterator[RemovalImpact]:
    standing = {layer: rel.containers_on.get(layer, set()) for layer in gone.layers}
    for container in rel.containers.values():
        if container.id in gone.containers:
            continue
        lost = [layer for layer, containers in standing.items() if container.id in containers]
        if container.image in gone.images:
            yield RemovalImpact(CONTAINER, container.id, container.name, f"it runs image {container.image[:12]}")
        elif lost:
            yield RemovalImpact(CONTAINER, container.id, container.name, f"it stands on layer {min(lost)[:12]}")
