"""IMG-026: the data of all images is gone."""

from __future__ import annotations

from tests.editing import Edited

RULE = "IMG-026"
TOP = "storage/overlay-images"
HOUR = 3_600 * 10**9


def emptied() -> Edited:
    store = Edited()
    for image in store.images():
        store.remove(f"{TOP}/{image['id']}")
    return store


def sample() -> tuple[Edited, str]:
    """Return a store whose image data was removed an hour after the index was written."""
    store = emptied()
    written = store.entries[f"{TOP}/images.json"][0].mtime_ns
    return store.change(TOP, mtime_ns=written + HOUR), TOP


def test_names_every_image_and_who_runs_on_them():
    store, _ = sample()
    [finding] = store.findings(RULE)
    assert finding.severity == "critical"
    assert finding.doubt == ""
    assert finding.facts["images"] == sorted(image["id"] for image in store.images())
    assert {c["id"] for c in store.containers()} <= set(finding.facts["containers"])


def test_a_capture_that_left_the_data_out_is_information():
    store = emptied()
    written = store.entries[f"{TOP}/images.json"][0].mtime_ns
    [finding] = store.change(TOP, mtime_ns=written).findings(RULE)
    assert finding.severity == "info"
    assert "left out of the capture" in finding.doubt


def test_one_image_with_data_is_enough_to_stay_silent():
    store = Edited()
    for image in store.images()[1:]:
        store.remove(f"{TOP}/{image['id']}")
    assert store.findings(RULE) == []


def test_a_bundle_of_index_files_only_stays_silent():
    store = emptied()
    del store.entries[TOP]
    assert store.findings(RULE) == []


def test_directories_that_were_emptied_hold_no_data_either():
    """`find overlay-images -mindepth 2 -delete` leaves the data directories, whose times move."""
    store = Edited()
    written = store.entries[f"{TOP}/images.json"][0].mtime_ns
    for image in store.images():
        for path in store.below(f"{TOP}/{image['id']}")[1:]:
            store.leave_out(path)
        store.change(f"{TOP}/{image['id']}", mtime_ns=written + HOUR)
    [finding] = store.findings(RULE)
    assert finding.severity == "critical"
    assert finding.facts["images"] == sorted(image["id"] for image in store.images())
