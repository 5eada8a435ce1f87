"""What stands on an object, and what it stands on."""

from __future__ import annotations

from msgspec import Struct

from analyzer.graph.find import CONTAINER, IMAGE, LAYER, POD, pod_id
from analyzer.graph.relations import Relations


class Dependants(Struct, frozen=True):
    """Ids in sorted order: what cannot do without an object (the object itself left out)."""

    layers: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    pods: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.layers or self.images or self.containers or self.pods)


def users_of(rel: Relations, kind: str, object_id: str) -> Dependants:
    """Return who needs a layer, an image, a container or a pod."""
    layers: set[str] = set()
    images: set[str] = set()
    containers: set[str] = set()
    if kind == LAYER:
        layers = rel.descendants([object_id]) - {object_id}
        images = rel.images_hit([object_id])
        containers = rel.containers_hit([object_id]).union(*(rel.users_of_image.get(image, ()) for image in images))
    elif kind == IMAGE:
        containers = set(rel.users_of_image.get(object_id, ()))
        layers = {rel.containers[c].layer for c in containers if rel.containers[c].layer}
    elif kind == POD:
        containers = {c.id for c in rel.containers.values() if pod_id(c) == object_id}
    elif kind == CONTAINER:
        containers = {c.id for c in rel.containers.values() if pod_id(c) == object_id} - {object_id}
    members = containers | ({object_id} if kind == CONTAINER else set())
    pods = {pod for c in members if (pod := pod_id(rel.containers[c]) if c in rel.containers else "")}
    pods -= {object_id}
    return Dependants(*(tuple(sorted(ids)) for ids in (layers, images, containers, pods)))


def chain_below(rel: Relations, kind: str, object_id: str) -> list[tuple[str, str]]:
    """Return (kind, id) of what an object stands on, from itself down to the base layer."""
    steps = [(kind, object_id)]
    top = object_id if kind == LAYER else ""
    if kind == CONTAINER and (container := rel.containers.get(object_id)):
        if container.image:
            steps.append((IMAGE, container.image))
        top = container.layer
    elif kind == IMAGE and (image := rel.images.get(object_id)):
        top = image.layer
    steps.extend((LAYER, layer_id) for layer_id in rel.chain(top) if (LAYER, layer_id) != steps[0])
    return steps
