"""OVL-011: `work` and `merged`."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-011"
API = "quay.example.test/shop/api:2.0"


def sample() -> tuple[Edited, str]:
    store = Edited()
    layer = store.containers()[0]["layer"]
    return store.remove(f"storage/overlay/{layer}/work"), layer


def test_a_container_needs_work():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "warning")


def test_an_image_layer_does_not():
    store = Edited()
    layer = store.image_named(API)["layer"]
    assert store.remove(f"storage/overlay/{layer}/work").findings(RULE) == []


def test_merged_may_be_absent_but_not_a_file():
    store = Edited()
    layer = store.image_named(API)["layer"]
    path = f"storage/overlay/{layer}/merged"
    assert store.remove(path).findings(RULE) == []
    [finding] = store.write(path, b"").findings(RULE)
    assert finding.evidence[0].observed == "a file"


def test_a_capture_without_any_work_is_not_damage():
    store = Edited()
    for path in [path for path in store.entries if path.endswith("/work") and path.count("/") == 3]:
        store.remove(path)
    assert store.findings(RULE) == []


def test_newer_stores_make_no_merged_for_partial_pulls():
    assert Edited("newest-chunked").findings(RULE) == []
