"""CTR-003: what a container's layer lies on."""

from __future__ import annotations

from tests.editing import Edited

RULE = "CTR-003"
API, WEB = "quay.example.test/shop/api:2.0", "quay.example.test/shop/web:1.4"
CONTAINER = "59c4be180fc5ea39109443bfa357d57923577cada0af3e85ac618ab79e95bd9c"


def moved(parent: str) -> Edited:
    """Return a store whose api container lies on another layer."""
    store = Edited()
    layer = next(each["layer"] for each in store.containers() if each["id"] == CONTAINER)
    layers = store.layers()
    for each in layers:
        if each["id"] == layer:
            each["parent"] = parent
    return store.write_layers(layers)


def sample() -> tuple[Edited, str]:
    """Return a store whose api container lies on the web image."""
    return moved(Edited().image_named(WEB)["layer"]), CONTAINER


def test_says_what_it_lies_on_and_where_it_should():
    [finding] = sample()[0].findings(RULE)
    assert finding.severity == "warning"
    assert finding.evidence[0].observed == Edited().image_named(WEB)["layer"]
    assert Edited().image_named(API)["layer"] in finding.evidence[0].expected
    assert finding.facts["containers"] == [CONTAINER]


def test_a_container_layer_without_a_parent():
    assert [f.evidence[0].observed for f in moved("").findings(RULE)] == ["no parent"]


def test_mapped_copies_are_silent_and_so_are_copies_that_no_image_lists():
    assert Edited("userns-mapped").findings(RULE) == []
    store = Edited("userns-mapped")
    images = store.images()
    assert any(image.pop("mapped-layers", None) for image in images)
    assert store.write_images(images).findings(RULE) == []


def test_a_layer_with_the_same_chain_of_digests_is_silent():
    store = Edited()
    top = store.image_named(API)["layer"]
    copy = dict(next(each for each in store.layers() if each["id"] == top), id="ab" * 32)
    store = moved(copy["id"])
    assert store.write_layers([*store.layers(), copy]).findings(RULE) == []


def test_a_parent_without_a_record_is_another_rule_s():
    assert moved("cd" * 32).findings(RULE) == []


def test_a_parent_cycle_ends():
    assert Edited("parent-cycle").findings(RULE) == []
