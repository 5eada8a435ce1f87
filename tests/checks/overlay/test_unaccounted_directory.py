"""OVL-013: directories without a layer record."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-013"
ORPHAN = "e" * 64


def sample() -> tuple[Edited, str]:
    store = Edited().directory(f"storage/overlay/{ORPHAN}").directory(f"storage/overlay/{ORPHAN}/diff")
    return store.write(f"storage/overlay/{ORPHAN}/link", "E" * 26), ORPHAN


def test_an_orphan_is_a_warning():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "warning")
    assert finding.facts["needed"] is False


def test_the_bundle_with_two_names_both_and_tells_which_stands_on_which():
    found = {finding.subject.id[:4]: finding for finding in Edited("orphan-layer-dir").findings(RULE)}
    assert sorted(found) == ["36f8", "c0e3"]
    assert found["c0e3"].subject.id in found["36f8"].facts["stands_on"]


def test_a_directory_that_layers_still_need_is_what_is_left_of_a_lost_record():
    [finding] = Edited("parent-record-missing").findings(RULE)
    assert finding.facts["needed"] is True
    assert (len(finding.facts["images"]), len(finding.facts["containers"])) == (6, 6)
    assert "only its record is lost" in finding.message


def test_a_feature_test_left_over_stops_the_repair_of_links():
    [finding] = Edited().directory("storage/overlay/compat1234").findings(RULE)
    assert (finding.subject.id, finding.severity) == ("compat1234", "warning")
    assert "feature test" in finding.message


def test_a_transient_store_without_its_run_root_is_a_warning_with_a_doubt():
    store = Edited()
    for path in store.below("storage/overlay-containers"):
        del store.entries[path]
    store.remove("storage/overlay-layers/volatile-layers.json")
    [finding] = store.findings(RULE)
    assert finding.severity == "warning"
    assert "run root" in finding.message


def test_records_in_the_run_root_account_for_directories():
    store = Edited()
    data = store.data("storage/overlay-layers/volatile-layers.json")
    store.remove("storage/overlay-layers/volatile-layers.json")
    store.write("run/containers/storage/overlay-layers/volatile-layers.json", data)
    assert store.findings(RULE) == []


def test_damaged_or_empty_or_absent_layer_records_leave_nothing_to_say():
    for change in (b"[{", b"", None):
        store = Edited()
        path = "storage/overlay-layers/layers.json"
        store = store.remove(path) if change is None else store.write(path, change)
        if change is None:
            store.remove("storage/overlay-layers/volatile-layers.json")
        assert RULE in dict(store.check().skipped), change


def test_staging_and_tempdirs_are_no_layers():
    store = Edited().directory("storage/overlay/staging").directory("storage/overlay/tempdirs")
    assert store.findings(RULE) == []
