"""STO-022: a whole directory of the graph root."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "STO-022"
CONTAINERS = "storage/overlay-containers"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    return Edited().remove(CONTAINERS), CONTAINERS


def test_removed_at_the_time_of_the_graph_root():
    store, _ = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.facts["part"]) == ("error", "containers")
    assert finding.facts["removed_at"]
    assert not finding.doubt


def test_left_out_of_the_capture_is_left_open():
    [finding] = Edited().leave_out(CONTAINERS).findings(RULE)
    assert finding.severity == "info"
    assert "left out of the capture" in finding.doubt


def test_a_store_without_containers_has_no_need_of_the_directory():
    store = Edited()
    used = {layer["parent"] for layer in store.layers() if layer.get("parent")}
    images = {image["layer"] for image in store.images()}
    kept = [layer for layer in store.layers() if layer.get("diff-digest") or layer["id"] in used | images]
    store.write_layers(kept).write_records("storage/overlay-layers/volatile-layers.json", [])
    assert store.leave_out(CONTAINERS).findings(RULE) == []


def test_image_directory_removed():
    store = Edited().remove("storage/overlay-images")
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.facts["part"]) == ("critical", "images")


def test_image_directory_of_an_additional_store_removed():
    [finding] = Edited("healthy-additional-store").remove("ro/overlay-images").findings(RULE)
    assert (finding.severity, finding.subject.path) == ("critical", "ro/overlay-images")
    [finding] = Edited("healthy-additional-store").leave_out("ro/overlay-images").findings(RULE)
    assert finding.doubt


def renamed(part, there):
    store = Edited()
    path = f"storage/overlay-{part}"
    for each in store.below(path):
        member, data = store.entries.pop(each)
        member.path = each.replace(path, there, 1)
        store.entries[member.path] = (member, data)
    return store


@pytest.mark.parametrize("part", ["layers", "images", "containers"])
def test_a_renamed_directory_is_told_where_it_lies(part):
    there = f"storage/overlay-{part}.old"
    [finding] = renamed(part, there).findings(RULE)
    assert finding.severity in ("error", "critical")
    assert finding.facts["aside"] == there
    assert not finding.doubt
