"""LAY-010: files of layer big data."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LAY-010"
TOC = "=enN0ZC1jaHVua2VkLW1hbmlmZXN0"
CACHE = "=Y2h1bmtlZC1tYW5pZmVzdC1jYWNoZQ=="


def first(store: Edited) -> str:
    return store.layers()[0]["id"]


def sample() -> tuple[Edited, str]:
    store = Edited("healthy-zstd-chunked")
    return store.remove(f"storage/overlay-layers/{first(store)}/{TOC}"), first(store)


def test_a_missing_table_of_contents_is_a_warning():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "warning")
    assert finding.evidence[0].where.path == f"storage/overlay-layers/{layer}/{TOC}"
    assert finding.facts["item"] == "zstd-chunked-manifest"


def test_a_missing_directory_is_a_warning_while_others_are_there():
    store = Edited("healthy-zstd-chunked")
    layer = first(store)
    [finding] = store.remove(f"storage/overlay-layers/{layer}").findings(RULE)
    assert finding.subject.id == layer


def test_the_cache_is_made_again_at_need():
    store = Edited("healthy-zstd-chunked")
    assert store.remove(f"storage/overlay-layers/{first(store)}/{CACHE}").findings(RULE) == []


def test_a_capture_without_layer_data_is_not_judged():
    store = Edited("healthy-zstd-chunked")
    for record in store.layers():
        if "big-data-names" in record:
            store.remove(f"storage/overlay-layers/{record['id']}")
    assert store.findings(RULE) == []
