"""STO-012: the form of ids."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "STO-012"
IMAGES = "storage/overlay-images/images.json"


def with_image_id(image_id: str, bundle: str = "healthy-overlay") -> Edited:
    store = Edited(bundle)
    images = store.images()
    images[0]["id"] = image_id
    return store.write_images(images)


def sample() -> tuple[Edited, str]:
    """Return a store with an image id in upper case, on a node with CRI-O."""
    image_id = Edited().images()[0]["id"].upper()
    return with_image_id(image_id), image_id


def test_on_a_node_with_crio_an_image_is_an_error():
    [finding] = sample()[0].findings(RULE)
    assert finding.severity == "error"
    assert finding.subject.path == IMAGES
    assert finding.evidence[0].where.pointer == "/0/id"


def test_without_a_trace_of_crio_it_is_a_warning():
    assert [f.severity for f in with_image_id("abc", "implied-parents").findings(RULE)] == ["warning"]
    assert [f.severity for f in with_image_id("abc", "implied-parents").findings(RULE, engines=("cri-o",))] == ["error"]


@pytest.mark.parametrize("image_id", ["../../etc", "a/b", "..", "/"])
def test_a_path_for_an_id_never_becomes_a_path_of_ours(image_id):
    [finding] = with_image_id(image_id, "implied-parents").findings(RULE)
    assert finding.severity == "error"
    assert finding.subject.path == IMAGES


def test_layers_and_containers_with_other_ids_are_warnings():
    store = Edited("implied-parents")
    containers = store.containers()
    containers[0]["id"] = "mine"
    layers = store.layers()
    layers.append({"id": "mine", "created": "2026-11-24T18:41:46Z"})
    found = store.write_containers(containers).write_layers(layers).findings(RULE)
    assert {(f.subject.kind, f.severity) for f in found} == {("layer", "warning"), ("container", "warning")}
