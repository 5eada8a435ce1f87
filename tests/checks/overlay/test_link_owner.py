"""OVL-005: one layer a link id, one symlink a layer."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-005"
API = "quay.example.test/shop/api:2.0"
SECOND = f"storage/overlay/l/{'A' * 26}"


def sample() -> tuple[Edited, str]:
    store = Edited()
    layer = store.image_named(API)["layer"]
    return store.symlink(SECOND, f"../{layer}/diff"), SECOND


def test_the_second_symlink_is_the_one_that_link_does_not_name():
    store, path = sample()
    layer = store.image_named(API)["layer"]
    [finding] = store.findings(RULE)
    assert (finding.subject.path, finding.severity) == (path, "error")
    assert finding.facts["keeper"] == store.text(f"storage/overlay/{layer}/link")
    assert finding.facts["named_by"] == []


def test_with_a_damaged_link_the_children_tell_which_to_keep():
    store = Edited()
    parent = store.chain(store.image_named(API)["layer"])[1]
    store.write(f"storage/overlay/{parent}/link", b"").symlink(SECOND, f"../{parent}/diff")
    [finding] = store.findings(RULE)
    assert finding.subject.path == SECOND


def test_a_shared_text_is_charged_to_the_layer_that_its_symlink_does_not_reach():
    store = Edited()
    layer, parent = store.chain(store.image_named(API)["layer"])[:2]
    own = store.text(f"storage/overlay/{layer}/link")
    store.write(f"storage/overlay/{layer}/link", store.text(f"storage/overlay/{parent}/link"))
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")
    assert finding.facts["keeper"] == parent
    assert finding.evidence[0].expected == own


def test_layers_of_two_stores_may_have_links_of_their_own():
    assert Edited("healthy-additional-store").findings(RULE) == []
    assert Edited("image-store").findings(RULE) == []
