"""LAY-006: layers whose size cannot be told."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LAY-006"
API = "quay.example.test/shop/api:2.0"
LIST = "registry.zoo.test/multi-amd64:1"


def changed(store: Edited, layer: str, **fields) -> Edited:
    """Set fields of a record (`diff_size=-1`), or drop them where the value is None."""
    records = store.layers()
    record = next(record for record in records if record["id"] == layer)
    for name, value in fields.items():
        key = name.replace("_", "-")
        if value is None:
            record.pop(key, None)
        else:
            record[key] = value
    return store.write_layers(records)


def sample() -> tuple[Edited, str]:
    store = Edited()
    layer = store.image_named(API)["layer"]
    return changed(store, layer, diff_digest=None), layer


def test_without_any_digest_the_listing_of_cri_o_fails():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "critical")
    assert finding.facts["images"] == [store.image_named(API)["id"]]


def test_without_a_trace_of_cri_o_it_is_that_images_error():
    store = Edited("podman-list")
    layer = store.image_named(LIST)["layer"]
    changed(store, layer, diff_digest=None)
    assert [finding.severity for finding in store.findings(RULE)] == ["error"]
    assert [finding.severity for finding in store.findings(RULE, engines=("cri-o@1.25",))] == ["critical"]


def test_a_negative_size_counts_only_without_a_toc():
    store = Edited()
    layer = store.image_named(API)["layer"]
    assert len(changed(store, layer, diff_size=-1).findings(RULE)) == 1
    assert changed(store, layer, toc_digest="sha256:" + "a" * 64).findings(RULE) == []


def test_an_absent_size_is_zero_to_the_engine():
    store = Edited()
    assert changed(store, store.image_named(API)["layer"], diff_size=None).findings(RULE) == []


def test_layers_of_containers_need_no_digest():
    for name in ("healthy-overlay", "healthy-zstd-chunked", "newest-chunked", "userns-mapped", "image-store"):
        assert Edited(name).findings(RULE) == []
