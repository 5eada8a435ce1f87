"""OVL-021: the blob of a composefs layer."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-021"
DATA = "=enN0ZC1jaHVua2VkLWxheWVyLWRhdGE="


def composefs(blob: bytes | None) -> tuple[Edited, str]:
    """Return a store whose partial pull is stored flat, as storage does with `use_composefs`."""
    store = Edited("newest-chunked")
    layer = next(record["id"] for record in store.layers() if record.get("toc-digest"))
    store.write(f"storage/overlay-layers/{layer}/{DATA}", b'{"format":1}')
    store.directory(f"storage/overlay/{layer}/composefs-data")
    if blob is not None:
        store.write(f"storage/overlay/{layer}/composefs-data/composefs.blob", blob)
    return store, layer


def sample() -> tuple[Edited, str]:
    return composefs(b"")


def test_an_empty_blob_is_an_unsynced_write():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity, finding.facts["unsynced"]) == (layer, "error", True)


def test_a_missing_blob_is_an_error():
    store, layer = composefs(None)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.facts["seen"]) == (layer, "missing")


def test_a_blob_is_healthy_and_so_is_a_layer_stored_as_directories():
    assert composefs(b"\xe2\xe1\xf5\xe0")[0].findings(RULE) == []
    assert Edited("newest-chunked").findings(RULE) == []


def test_a_capture_without_any_composefs_data_is_not_judged():
    store, layer = composefs(None)
    assert store.remove(f"storage/overlay/{layer}/composefs-data").findings(RULE) == []
