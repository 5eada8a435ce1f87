"""STO-013: ids with two records."""

from __future__ import annotations

from tests.editing import Edited

RULE = "STO-013"
LAYERS = "storage/overlay-layers/layers.json"
VOLATILE_LAYERS = "storage/overlay-layers/volatile-layers.json"


def sample() -> tuple[Edited, str]:
    """Return a store with an image recorded twice."""
    store = Edited()
    images = store.images()
    return store.write_images([*images, images[2]]), images[2]["id"]


def test_the_first_record_is_kept():
    [finding] = sample()[0].findings(RULE)
    assert finding.severity == "warning"
    assert finding.facts["kept"].endswith("images.json#/2")
    assert finding.evidence[0].where.pointer == f"/{len(Edited().images())}"
    assert finding.facts["count"] == 2


def test_over_the_stable_and_the_volatile_file():
    store = Edited()
    record = store.layers()[0]
    volatile = [*store.records(VOLATILE_LAYERS), record]
    [finding] = store.write_records(VOLATILE_LAYERS, volatile).findings(RULE)
    assert finding.subject.id == record["id"]
    assert finding.facts["kept"].startswith(LAYERS)
    assert finding.evidence[0].where.path == VOLATILE_LAYERS


def test_over_the_graph_root_and_its_image_store():
    store = Edited("image-store")
    record = store.layers("images")[0]
    [finding] = store.write_layers([*store.layers(), record]).findings(RULE)
    assert finding.subject.id == record["id"]
    assert finding.evidence[0].where.path == "images/overlay-layers/layers.json"


def test_a_layer_and_an_image_in_an_additional_store_as_well_are_legal():
    store = Edited("healthy-additional-store")
    ro_layers, ro_images = store.layers("ro"), store.images("ro")
    store.write_layers([*store.layers(), ro_layers[0]]).write_images([*store.images(), ro_images[0]])
    assert store.findings(RULE) == []
