"""OVL-027: the root of an image's top layer."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "OVL-027"
API = "quay.example.test/shop/api:2.0"


def top() -> tuple[Edited, str, str]:
    """Return a store, the top layer of an image and its parent."""
    store = Edited()
    layer, parent, *_ = store.chain(store.image_named(API)["layer"])
    return store, layer, parent


def sample() -> tuple[Edited, str]:
    store, layer, _ = top()
    return store.change(f"storage/overlay/{layer}/diff", mode=0o700), layer


def test_what_is_made_of_the_image_gets_a_closed_root():
    store, layer = sample()
    [finding] = store.findings(RULE)
    same = {image["id"] for image in store.images() if image.get("layer") == layer}
    assert (finding.subject.id, finding.severity, set(finding.facts["images"])) == (layer, "error", same)


@pytest.mark.parametrize("mode", [0o555, 0o755, 0o711])
def test_others_may_enter_an_open_root(mode):
    store, layer, _ = top()
    assert store.change(f"storage/overlay/{layer}/diff", mode=mode).findings(RULE) == []


def test_a_root_below_the_top_is_nobodys():
    store, _, parent = top()
    tops = {image.get("layer") for image in store.images()}
    assert parent not in tops
    assert store.change(f"storage/overlay/{parent}/diff", mode=0o700).findings(RULE) == []


def test_layers_that_are_all_closed_were_made_so():
    store = Edited()
    for path in [path for path in store.entries if path.endswith("/diff") and path.count("/") == 3]:
        store.change(path, mode=0o700)
    assert store.findings(RULE) == []
