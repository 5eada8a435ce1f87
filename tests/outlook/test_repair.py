"""The repair after the check, on records alone: what containers/storage's DeleteImage leaves to others."""

from __future__ import annotations

from dataclasses import replace

import pytest

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
