"""LAY-002: parents in a circle."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LAY-002"
API = "quay.example.test/shop/api:2.0"
WEB = "140bf14f31dfc66c33f25c80589195ae024b72ca9ecd9e028575b352f8278951"
WEB_TOP = "fcdc62168ec4a97de85add09fb28826a7d4121a838e779a743f35f36ceefa115"


def own_parent() -> tuple[Edited, str]:
    store = Edited()
    layer = store.image_named(API)["layer"]
    records = store.layers()
    next(record for record in records if record["id"] == layer)["parent"] = layer
    return store.write_layers(records), layer


def sample() -> tuple[Edited, str]:
    return own_parent()


def test_two_layers_that_name_each_other():
    store = Edited("parent-cycle")
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (WEB, "critical")
    assert finding.facts["layers"] == [WEB, WEB_TOP]
    assert finding.facts["images"] == [store.image_named("quay.example.test/shop/web:1.4")["id"]]


def test_tells_which_parent_was_changed():
    """The other bundles of this store give the true parent."""
    true = Edited().chain(WEB)[1]
    [finding] = Edited("parent-cycle").findings(RULE)
    assert (finding.facts["wrong"], finding.facts["parent_should_be"]) == (WEB, true)


def test_a_layer_may_not_be_its_own_parent():
    store, layer = own_parent()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.facts["layers"]) == (layer, [layer])


def test_records_alone_suffice():
    [finding] = Edited("parent-cycle").remove("storage/overlay").findings(RULE)
    assert finding.subject.id == WEB
