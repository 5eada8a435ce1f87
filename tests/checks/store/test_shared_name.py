"""STO-014: names with two holders."""

from __future__ import annotations

from tests.editing import Edited

RULE = "STO-014"
WEB, API = "quay.example.test/shop/web:1.4", "quay.example.test/shop/api:2.0"


def sample() -> tuple[Edited, str]:
    """Return a store in which two images hold one name."""
    store = Edited()
    images = store.images()
    first, last = images[0], images[-1]
    last["names"] = [*last.get("names", []), first["names"][0]]
    return store.write_images(images), first["id"]


def test_the_last_holder_keeps_the_name():
    images = Edited().images()
    [finding] = sample()[0].findings(RULE)
    assert finding.severity == "warning"
    assert finding.facts["name"] == images[0]["names"][0]
    assert finding.facts["keeps"] == images[-1]["id"]
    assert finding.facts["images"] == sorted([images[0]["id"], images[-1]["id"]])


def test_in_a_read_only_store_it_is_fatal():
    store = Edited("healthy-additional-store")
    images = store.images("ro")
    images[1]["names"] = images[0]["names"]
    [finding] = store.write_images(images, "ro").findings(RULE)
    assert finding.severity == "critical"


def test_one_name_over_two_stores_and_over_two_kinds_is_legal():
    store = Edited("healthy-additional-store")
    name = store.images("ro")[0]["names"][0]
    images, containers = store.images(), store.containers()
    images[0]["names"] = [name]
    containers[0]["names"] = [name]
    assert store.write_images(images).write_containers(containers).findings(RULE) == []


def test_a_name_given_twice_to_one_image_is_silent():
    store = Edited()
    images = store.images()
    images[0]["names"] = images[0]["names"] * 2
    assert store.write_images(images).findings(RULE) == []


def test_a_container_name_held_twice_in_a_read_only_store_stops_nothing():
    store = Edited("healthy-additional-store")
    layers = store.layers("ro")
    layers[0]["names"] = layers[1]["names"] = ["twice"]
    [finding] = store.write_layers(layers, "ro").findings(RULE)
    assert finding.severity == "warning"
