"""STO-002: index files that are empty or gone while their data is there."""

from __future__ import annotations

import pytest

from analyzer.source.member import Loss
from tests.editing import Edited

RULE = "STO-002"
LAYERS = "storage/overlay-layers/layers.json"
VOLATILE_LAYERS = "storage/overlay-layers/volatile-layers.json"
IMAGES = "storage/overlay-images/images.json"
CONTAINERS = "storage/overlay-containers/containers.json"
VOLATILE = "storage/overlay-containers/volatile-containers.json"


def sample() -> tuple[Edited, str]:
    """Return a store whose layers.json has 0 bytes."""
    return Edited().write(LAYERS, b""), LAYERS


def keep_records_only(store: Edited, *paths: str) -> Edited:
    for path in list(store.entries):
        if path not in paths:
            del store.entries[path]
    return store


@pytest.mark.parametrize("absent", [False, True])
@pytest.mark.parametrize(("path", "read"), [(LAYERS, Edited.layers), (IMAGES, Edited.images)])
def test_an_absent_file_does_the_same_as_an_empty_one(path, read, absent):
    store = Edited()
    ids = sorted(record["id"] for record in read(store))
    store = store.remove(path) if absent else store.write(path, b"")
    [finding] = store.findings(RULE)
    assert (finding.subject.kind, finding.subject.path) == ("file", path)
    assert finding.severity == "critical"
    part = finding.facts["part"]
    assert finding.facts["directories"] == len(ids)
    assert finding.facts["missing"] == len(ids)
    assert finding.facts[part] == ids
    assert finding.facts["absent"] is absent
    assert finding.facts["unsynced"] is not absent


@pytest.mark.parametrize("path", [VOLATILE_LAYERS])
def test_an_emptied_volatile_file_only_costs_containers(path):
    store = Edited()
    [lost] = [record["id"] for record in store.records(path)]
    [finding] = store.write(path, b"").findings(RULE)
    assert finding.severity == "error"
    assert finding.facts["layers"] == [lost]


def test_an_absent_volatile_layers_file_whose_container_is_recorded():
    store = Edited()
    [lost] = [record["id"] for record in store.records(VOLATILE_LAYERS)]
    [finding] = store.remove(VOLATILE_LAYERS).findings(RULE)
    assert (finding.severity, finding.facts["layers"]) == ("error", [lost])


def test_an_emptied_containers_file_names_the_containers_with_data():
    store = Edited()
    with_data = sorted(
        each["id"] for each in store.containers() if store.below(f"storage/overlay-containers/{each['id']}")
    )
    for damaged in (Edited().write(CONTAINERS, b""), Edited().remove(CONTAINERS)):
        [finding] = damaged.findings(RULE)
        assert finding.facts["containers"] == with_data
        assert finding.severity == "critical"


def test_a_crio_node_whose_volatile_containers_file_is_gone():
    store = Edited()
    [record] = store.records(VOLATILE)
    store.directory(f"storage/overlay-containers/{record['id']}").remove(VOLATILE)
    [finding] = store.findings(RULE)
    assert (finding.subject.path, finding.severity) == (VOLATILE, "error")
    assert finding.facts["containers"] == [record["id"]]


def test_records_only_still_tell_of_an_emptied_file():
    store = keep_records_only(Edited().write(LAYERS, b""), LAYERS, IMAGES, CONTAINERS)
    [finding] = store.findings(RULE)
    assert finding.severity == "critical"
    assert finding.facts["directories"] == 0
    tops = {image["layer"] for image in store.images()} | {each["layer"] for each in store.containers()}
    assert set(finding.facts["layers"]) == tops


def test_an_empty_file_with_nothing_to_list_is_information():
    [finding] = Edited("implied-parents").write(VOLATILE, b"").findings(RULE)
    assert finding.severity == "info"


def test_a_sosreport_with_layers_json_alone_is_silent():
    assert keep_records_only(Edited(), LAYERS).findings(RULE) == []


def test_a_capture_without_the_lock_beside_the_file_proves_nothing():
    store = Edited().remove(IMAGES).remove("storage/overlay-images/images.lock")
    assert store.findings(RULE) == []


def test_a_capture_without_any_index_file_is_skipped():
    store = Edited()
    for path in (LAYERS, VOLATILE_LAYERS, IMAGES, CONTAINERS, VOLATILE):
        store.remove(path)
    assert RULE not in store.check().run


def test_in_a_cut_archive_absence_proves_nothing():
    store = Edited().remove(IMAGES)
    store.losses.append(Loss("the archive ends early", "x.tar", 0))
    assert store.findings(RULE) == []


def test_an_index_that_the_archive_cuts_at_its_first_byte_is_not_empty():
    store = Edited().write(LAYERS, b"").change(LAYERS, size=12533)
    assert store.findings(RULE) == []


def test_a_transient_store_without_its_run_root_is_silent():
    store = Edited("implied-parents")
    [container] = store.containers()
    layers = [layer for layer in store.layers() if layer["id"] != container["layer"]]
    assert store.remove(CONTAINERS).write_layers(layers).findings(RULE) == []


def test_a_transient_store_with_its_run_root_is_silent():
    store = Edited("implied-parents")
    [container] = store.containers()
    run = "run/containers/storage"
    store.write_records(f"{run}/overlay-containers/volatile-containers.json", [container]).remove(CONTAINERS)
    own = [layer for layer in store.layers() if layer["id"] == container["layer"]]
    store.write_records(f"{run}/overlay-layers/volatile-layers.json", own)
    store.write_layers([layer for layer in store.layers() if layer not in own])
    assert store.findings(RULE) == []


def test_a_split_store_without_containers_has_no_layers_json_of_its_own():
    store = Edited("image-store")
    for layer in store.layers():
        store.remove(f"storage/overlay/{layer['id']}")
    store.remove(LAYERS).write_containers([])
    assert store.findings(RULE) == []


def test_a_temporary_file_beside_no_index_says_that_its_renaming_was_lost():
    store = Edited()
    text = store.data(LAYERS)
    directory = store.entries["storage/overlay-layers"][0].mtime_ns
    store.remove(LAYERS).write("storage/overlay-layers/.tmp-layers.json4711", text)
    store.change("storage/overlay-layers", mtime_ns=directory)
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.path) == ("critical", LAYERS)
