"""The repair after the check: it only deletes. CRI-O removes the whole graph root when any step of it fails.

Mirrors containers/storage check.go (Repair with containers), store.go (DeleteImage, DeleteLayer).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.outlook.check import CheckReport
    from analyzer.outlook.loaded import Loaded
    from analyzer.snapshot.images import ImageRecord


def repair(state: Loaded, report: CheckReport) -> bool:
    """Delete what the report names; return False when a step fails."""
    worked = True
    for container_id in sorted(report.containers):
        state.drop_container(container_id)
    for image_id in sorted(report.images):
        worked = _delete_image(state, image_id) and worked
    for layer_id in sorted(report.layers, key=lambda each: (-_depth(state, each), each)):
        worked = _delete_layer(state, layer_id) and worked
    for name in sorted(report.unaccounted):
        state.directories.discard(name)
        state.gone_layers.add(name)
    return worked


def _depth(state: Loaded, layer_id: str) -> int:
    depth, seen = 0, {layer_id}
    layer = state.layers.get(layer_id)
    while layer is not None and layer.parent and layer.parent not in seen:
        seen.add(layer.parent)
        depth, layer = depth + 1, state.layers.get(layer.parent)
    return depth


def _delete_image(state: Loaded, image_id: str) -> bool:
    """Delete an image and the layers that nothing else needs; a missing layer is no failure."""
    image = state.images.get(image_id)
    if image is None:
        return True
    if any(container.image == image_id for container in state.containers.values()):
        return False
    del state.images[image_id]
    state.gone_images.add(image_id)
    for layer_id in _private_layers(state, image):
        if layer_id not in state.own:
            return True
        state.drop_layer(layer_id)
    return True


def _private_layers(state: Loaded, image: ImageRecord) -> list[str]:
    children: dict[str, list[str]] = {}
    for layer_id in state.own:
        children.setdefault(state.layers[layer_id].parent, []).append(layer_id)
    others = {top for other in state.images.values() for top in (other.layer, *other.mapped_layers)}
    removed = list(image.mapped_layers)
    slated = set(removed)
    layer_id = image.layer
    while layer_id and layer_id not in others and layer_id not in slated:
        family = [layer_id, *(image.mapped_layers if layer_id == image.layer else ())]
        if any(child not in slated for member in family for child in children.get(member, ())):
            break
        removed.append(layer_id)
        slated.add(layer_id)
        layer = state.layers.get(layer_id) if layer_id in state.own else None
        layer_id = layer.parent if layer else ""
    return removed


def _delete_layer(state: Loaded, layer_id: str) -> bool:
    """Delete a layer; a child, an image or a container that needs it makes that fail."""
    if layer_id not in state.own:
        return True
    needed = (
        any(state.layers[each].parent == layer_id for each in state.own)
        or any(image.layer == layer_id for image in state.images.values())
        or any(container.layer == layer_id for container in state.containers.values())
    )
    if not needed:
        state.drop_layer(layer_id)
    return not needed
