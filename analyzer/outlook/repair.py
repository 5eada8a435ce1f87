"""The repair after the check: it only deletes. CRI-O removes the whole graph root when any step of it fails.

Mirrors containers/storage check.go (Repair with containers), store.go (DeleteImage, DeleteLayer).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from analyzer.outlook.check import CheckReport
from analyzer.outlook.loaded import Loaded
from analyzer.snapshot.images import ImageRecord


def repair(state: Loaded, report: CheckReport) -> bool:
    """Delete what the report names; return False when a step fails."""
    work = _Repair(state)
    for container_id in sorted(report.containers):
        work.delete_container(container_id)
    worked = [work.delete_image(image_id) for image_id in sorted(report.images)]
    depths = _depths(state, report.layers)
    deepest_first = sorted(report.layers, key=lambda each: (-depths[each], each))
    worked += [work.delete_layer(layer_id) for layer_id in deepest_first]
    for name in sorted(report.unaccounted):
        state.directories.discard(name)
        state.gone_layers.add(name)
    return all(worked)


def _depths(state: Loaded, layer_ids: Iterable[str]) -> dict[str, int]:
    """Return how many layers lie below each one, by its records."""
    depths = {"": -1}
    for layer_id in layer_ids:
        walk: list[str] = []
        node = layer_id
        while node not in depths:
            depths[node] = 0  # ends a circle too, from which the check would not have come back
            walk.append(node)
            node = state.layers[node].parent if node in state.layers else ""
        for below, each in pairwise([node, *reversed(walk)]):
            depths[each] = depths[below] + 1
    return depths


class _Repair:
    """Deletions, with who needs what counted along."""

    def __init__(self, state: Loaded) -> None:
        self.state = state
        self.children: dict[str, set[str]] = {}
        for layer_id in state.own:
            self.children.setdefault(state.layers[layer_id].parent, set()).add(layer_id)
        self.tops = Counter(image.layer for image in state.images.values())
        self.mapped = Counter(top for image in state.images.values() for top in image.mapped_layers)
        self.container_layers = Counter(container.layer for container in state.containers.values())
        self.container_images = Counter(container.image for container in state.containers.values())

    def drop_layer(self, layer_id: str) -> None:
        self.children.get(self.state.layers[layer_id].parent, set()).discard(layer_id)
        self.state.drop_layer(layer_id)

    def delete_container(self, container_id: str) -> None:
        container = self.state.containers.get(container_id)
        if container is None:
            return
        if container.layer in self.state.own:
            self.drop_layer(container.layer)
        self.container_layers[container.layer] -= 1
        self.container_images[container.image] -= 1
        self.state.drop_container(container_id)

    def delete_image(self, image_id: str) -> bool:
        """Delete an image and the layers that nothing else needs; a missing layer is no failure."""
        image = self.state.images.get(image_id)
        if image is None:
            return True
        if self.container_images[image_id] > 0:
            return False
        del self.state.images[image_id]
        self.state.gone_images.add(image_id)
        self.tops[image.layer] -= 1
        self.mapped.subtract(image.mapped_layers)
        for layer_id in self.private_layers(image):
            if layer_id not in self.state.own:
                break
            self.drop_layer(layer_id)
        return True

    def private_layers(self, image: ImageRecord) -> list[str]:
        """Return the layers of a deleted image that no other image and no other layer needs, top first."""
        removed = list(image.mapped_layers)
        slated = set(removed)
        layer_id = image.layer
        while layer_id and layer_id not in slated and self.tops[layer_id] <= 0 and self.mapped[layer_id] <= 0:
            family = [layer_id, *(image.mapped_layers if layer_id == image.layer else ())]
            if any(self.children.get(member, set()) - slated for member in family):
                break
            removed.append(layer_id)
            slated.add(layer_id)
            layer = self.state.layers.get(layer_id) if layer_id in self.state.own else None
            layer_id = layer.parent if layer else ""
        return removed

    def delete_layer(self, layer_id: str) -> bool:
        """Delete a layer; a child, an image or a container that needs it makes that fail."""
        if layer_id not in self.state.own:
            return True
        if self.children.get(layer_id) or self.tops[layer_id] > 0 or self.container_layers[layer_id] > 0:
            return False
        self.drop_layer(layer_id)
        return True
