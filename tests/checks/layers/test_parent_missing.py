"""LAY-001: a parent without a record."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LAY-001"
API = "quay.example.test/shop/api:2.0"
BASE = "4b6f57e2feb194549a63cd6161c71cb6f8fee79e5b0ad0ae976bb0d500fed638"


def without(store: Edited, layer: str, *, directory: bool = True, rest: bool = True) -> Edited:
    """Drop a layer's record, and where asked its directory and whatever else is left of it."""
    store.write_layers([record for record in store.layers() if record["id"] != layer])
    if not rest:
        link = store.text(f"storage/overlay/{layer}/link")
        store.remove(f"storage/overlay/l/{link}").remove(f"storage/overlay-layers/{layer}.tar-split.gz")
    if not directory:
        store.remove(f"storage/overlay/{layer}")
    return store


def sample() -> tuple[Edited, str]:
    store = Edited()
    layer = store.chain(store.image_named(API)["layer"])[2]
    return without(store, layer), layer


def test_the_missing_parent_is_the_subject_and_its_children_are_evidence():
    store = Edited("parent-record-missing")
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity, finding.confidence) == (BASE, "error", "high")
    assert finding.facts["directory"] == f"storage/overlay/{BASE}"
    records = store.layers()
    [child] = finding.facts["children"]
    row = next(number for number, record in enumerate(records) if record["id"] == child)
    assert finding.evidence[0].where[:2] == ("storage/overlay-layers/layers.json", f"/{row}/parent")
    assert (len(finding.facts["images"]), len(finding.facts["containers"])) == (6, 6)


def test_one_finding_however_many_children():
    store = Edited()
    layer = store.image_named("quay.example.test/base/os:9.4")["layer"]
    children = sum(1 for record in store.layers() if record.get("parent") == layer)
    [finding] = without(store, layer).findings(RULE)
    assert len(finding.facts["children"]) == children > 1


def test_gone_altogether_between_layers_that_are_there_is_an_error():
    store = Edited()
    layer = store.chain(store.image_named(API)["layer"])[2]
    [finding] = without(store, layer, directory=False, rest=False).findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")


def test_gone_with_all_that_was_below_it_may_lie_in_an_additional_store_that_was_not_captured():
    store = Edited("healthy-additional-store").remove("ro")
    found = store.findings(RULE)
    assert len(found) == 2
    assert {(finding.severity, finding.confidence) for finding in found} == {("info", "low")}
    assert all(finding.facts["doubt"] for finding in found)


def test_tar_splits_of_a_split_image_store_that_was_not_captured_are_no_trace():
    store = Edited("image-store").remove("images").remove("etc")
    assert {finding.severity for finding in store.findings(RULE)} == {"info"}


def test_a_captured_configuration_that_names_no_other_store_settles_it():
    store = Edited("healthy-additional-store").remove("ro")
    store.write("etc/containers/storage.conf", '[storage]\ndriver = "overlay"\n')
    assert {finding.severity for finding in store.findings(RULE)} == {"error"}


def test_a_configuration_that_names_the_uncaptured_store_skips_the_rule():
    store = Edited("healthy-additional-store").remove("ro")
    store.write("etc/containers/storage.conf", '[storage.options]\nadditionalimagestores = ["/srv/ro"]\n')
    assert "/srv/ro" in dict(store.check().skipped)[RULE]


def test_parents_in_other_stores_are_healthy():
    assert Edited("healthy-additional-store").findings(RULE) == []
    assert Edited("image-store").findings(RULE) == []


def test_damaged_records_and_cut_archives_are_skipped():
    assert RULE in dict(Edited("layers-json-truncated").check().skipped)
