"""The repair after the check, on records alone: what containers/storage's DeleteImage leaves to others."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from analyzer.outlook.check import CheckReport
from analyzer.outlook.loaded import Loaded
from analyzer.outlook.repair import repair
from tests.editing import Edited

API = "quay.example.test/shop/api:2.0"
WEB = "quay.example.test/shop/web:1.4"


def loaded(*, mapped: bool) -> tuple[Loaded, str, str]:
    """Return (two images, the one to be deleted, its top layer); the other has that layer as an id-mapped copy."""
    [store] = Edited().snapshot().stores
    by_name = {name: image for image in store.images for name in image.names}
    one, two = by_name[API], by_name[WEB]
    if mapped:
        two = replace(two, mapped_layers=(one.layer,))
    layers = {layer.id: layer for layer in store.layers if layer.id == one.layer}
    return Loaded(layers=layers, own=set(layers), images={one.id: one, two.id: two}), one.id, one.layer


@pytest.mark.parametrize("mapped", [True, False])
def test_a_layer_that_another_image_lists_as_its_mapped_copy_stays(mapped):
    state, image, layer = loaded(mapped=mapped)
    assert repair(state, CheckReport(images={image}))
    assert image not in state.images
    assert (layer in state.own) is mapped


@pytest.mark.parametrize("user", ["image", "child", "container", None])
def test_a_layer_that_anything_needs_is_not_deleted_and_the_repair_fails(user):
    """containers/storage store.go DeleteLayer: ErrLayerHasChildren, ErrLayerUsedByImage, ErrLayerUsedByContainer."""
    [store] = Edited().snapshot().stores
    container = store.containers[0]
    layers = {layer.id: layer for layer in store.layers}
    child = layers[container.layer]
    target = layers[child.parent]
    state = Loaded(layers={target.id: target}, own={target.id})
    if user == "image":
        image = next(image for image in store.images if image.id == container.image)
        state.images[image.id] = replace(image, layer=target.id, mapped_layers=())
    elif user == "child":
        state.layers[child.id] = child
        state.own.add(child.id)
    elif user == "container":
        state.containers[container.id] = replace(container, layer=target.id)
    assert repair(state, CheckReport(layers={target.id})) is (user is None)
    assert (target.id in state.own) is (user is not None)


@pytest.mark.parametrize(("users", "deleted"), [(1, True), (2, False), (3, False)])
def test_an_image_goes_with_its_last_container(users, deleted):
    """One container is deleted first; containers/storage's DeleteImage refuses while another uses the image."""
    [store] = Edited().snapshot().stores
    image = store.images[0]
    containers = {str(n): replace(each, image=image.id, layer="") for n, each in enumerate(store.containers[:users])}
    state = Loaded(images={image.id: image}, containers=containers)
    assert repair(state, CheckReport(containers={"0"}, images={image.id})) is deleted
    assert (image.id in state.images) is not deleted
