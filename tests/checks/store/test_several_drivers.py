"""STO-009: data of two drivers below one graph root."""

from __future__ import annotations

from tests.editing import Edited

RULE = "STO-009"


def sample() -> tuple[Edited, str]:
    """Return an overlay store with a vfs layer beside it."""
    store = Edited()
    layer = "ab" * 32
    store.write_records("storage/vfs-layers/layers.json", [{"id": layer, "created": "2026-11-24T18:41:46Z"}])
    return store.directory(f"storage/vfs/dir/{layer}"), "storage"


def test_both_drivers_are_named_once():
    [finding] = sample()[0].findings(RULE)
    assert finding.severity == "warning"
    assert finding.facts["drivers"] == "overlay, vfs"


def test_with_a_configured_driver_it_is_information():
    store = sample()[0].write("etc/containers/storage.conf", '[storage]\ndriver = "overlay"\n')
    assert [finding.severity for finding in store.findings(RULE)] == ["info"]


def test_an_empty_tree_of_another_driver_is_silent():
    store = Edited().write("storage/vfs-layers/layers.json", "[]").write("storage/vfs-images/images.json", "[]")
    assert store.findings(RULE) == []


def test_records_under_the_name_of_another_driver():
    store = Edited()
    for path in list(store.entries):
        for part in ("layers", "images", "containers"):
            if path.startswith(f"storage/overlay-{part}"):
                member, data = store.entries.pop(path)
                member.path = path.replace("storage/overlay-", "storage/vfs-", 1)
                store.entries[member.path] = (member, data)
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.facts["path"]) == ("error", "storage/overlay")
