"""IMG-013: numbers of layers."""

from __future__ import annotations

from tests.editing import Edited
from tests.imaging import API, change_image

RULE = "IMG-013"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)
    return change_image(store, image["id"], layer=store.chain(image["layer"])[1]), image["id"]


def test_a_top_layer_too_low():
    store, image = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.id) == ("error", image)
    seen, expected = finding.facts["seen"], finding.facts["expected"]
    assert expected == seen + 1
    assert finding.facts["engine_message"] == f"expected more than {seen} physical layers to exist"
    assert finding.facts["fails_listing"] is False


def test_no_layer_at_all():
    store = Edited()
    image = store.image_named(API)["id"]
    [finding] = change_image(store, image, layer=None).findings(RULE)
    assert finding.facts["seen"] == 0


def test_a_missing_layer_is_another_rule():
    store = Edited()
    image = store.image_named(API)
    gone = store.chain(image["layer"])[1]
    store.write_layers([layer for layer in store.layers() if layer["id"] != gone])
    assert store.findings(RULE) == []


def test_damaged_records_prove_nothing():
    store, _ = sample()
    path = "storage/overlay-layers/layers.json"
    checked = store.write(path, store.data(path)[:-100]).check()
    assert RULE not in checked.run


def test_a_changed_parent_is_another_rule():
    store = Edited()
    top, _, third, *_ = store.chain(store.image_named(API)["layer"])
    layers = store.layers()
    next(layer for layer in layers if layer["id"] == top)["parent"] = third
    assert store.write_layers(layers).findings(RULE) == []
    assert [finding.subject.id for finding in store.findings("LAY-008")] == [top]
