"""LAY-004: the incomplete flag."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LAY-004"
API = "quay.example.test/shop/api:2.0"


def flagged(store: Edited, layer: str, root: str = "storage") -> Edited:
    records = store.layers(root)
    next(record for record in records if record["id"] == layer)["flags"] = {"incomplete": True}
    return store.write_layers(records, root)


def sample() -> tuple[Edited, str]:
    store = Edited()
    layer = store.image_named(API)["layer"]
    return flagged(store, layer), layer


def test_what_an_image_needs_is_an_error():
    store = Edited("incomplete-layer")
    [finding] = store.findings(RULE)
    assert finding.subject.id == "67265f11ea4ab2e8ca2d4cc623d4729a39ce926b79566039292fc86eaae27172"
    assert finding.severity == "error"
    assert finding.facts["images"] == [store.image_named("quay.example.test/data/db:15")["id"]]


def test_what_only_another_layer_stands_on_is_an_error():
    store = Edited()
    store.write_images([]).write_containers([]).write_records("storage/overlay-containers/volatile-containers.json", [])
    parent = store.layers()[1]["parent"]
    [finding] = flagged(store, parent).findings(RULE)
    assert (finding.severity, finding.facts["images"]) == ("error", [])


def test_a_pull_in_flight_is_a_warning():
    [finding] = Edited("inflight-pull").findings(RULE)
    assert (finding.severity, finding.facts["in_flight"]) == ("warning", True)


def test_an_image_being_removed_is_a_warning():
    """The image's record goes first, then its layers from the top, each flagged before it is removed."""
    store = Edited()
    image = store.image_named(API)
    store.write_images([each for each in store.images() if each["id"] != image["id"]])
    store.write_containers([each for each in store.containers() if each["image"] != image["id"]])
    store.write_layers([record for record in store.layers() if record.get("parent") != image["layer"]])
    [finding] = flagged(store, image["layer"]).findings(RULE)
    assert (finding.subject.id, finding.severity) == (image["layer"], "warning")


def test_a_read_only_store_keeps_and_uses_it():
    store = Edited("healthy-additional-store")
    layer = store.layers("ro")[0]["id"]
    assert [finding.severity for finding in flagged(store, layer, "ro").findings(RULE)] == ["warning"]


def test_a_flag_that_is_not_true_is_no_flag():
    store = Edited()
    records = store.layers()
    records[0]["flags"] = {"incomplete": False}
    assert store.write_layers(records).findings(RULE) == []
