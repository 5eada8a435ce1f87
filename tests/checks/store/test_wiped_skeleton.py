"""STO-023: only mount points are left."""

from __future__ import annotations

import pytest

from tests.editing import HOUR, Edited

RULE = "STO-023"


def skeleton() -> Edited:
    """Return what `crio wipe` leaves around the mounts of two containers: their mount points."""
    store = Edited()
    kept = [container["layer"] for container in store.containers()][:2]
    for path in (
        "overlay-layers",
        "overlay-images",
        "overlay-containers",
        "overlay/l",
        "libpod",
        "storage.lock",
        "userns.lock",
    ):
        store.remove(f"storage/{path}")
    for path in store.below("storage/overlay"):
        parts = path.split("/")
        if store.below(path) and len(parts) > 2 and (parts[2] not in kept or (len(parts) > 3 and parts[3] != "merged")):
            store.remove(path)
    store.directory("storage/overlay-containers/" + "a" * 64 + "/userdata/shm")
    return store


def sample() -> tuple[Edited, str]:
    return skeleton(), "storage"


def test_the_store_is_the_subject():
    [finding] = skeleton().findings(RULE)
    assert (finding.severity, finding.facts["count"]) == ("critical", 2)


@pytest.mark.parametrize("kept", ["overlay-layers/layers.lock", "overlay/l/ABCDEFGHIJKLMNOPQRSTUVWXYZ"])
def test_anything_else_that_is_left_makes_it_another_case(kept):
    store = skeleton()
    store.write(f"storage/{kept}", b"")
    assert store.findings(RULE) == []


PARTS = ("overlay-layers", "overlay-images", "overlay-containers")


def emptied(*times: int) -> Edited:
    """Return a store whose three directories of records were emptied, hours after its newest layer was made."""
    store = Edited()
    made = max(store.entries[path][0].mtime_ns for path in store.entries if path.endswith("/link"))
    for part, hours in zip(PARTS, times, strict=True):
        for path in store.below(f"storage/{part}")[1:]:
            store.entries.pop(path)
        store.change(f"storage/{part}", mtime_ns=made + hours * HOUR)
    return store


def test_directories_emptied_together_tell_of_one_command():
    [finding] = emptied(6, 6, 6).findings(RULE)
    assert (finding.subject.path, finding.severity) == ("storage", "critical")


@pytest.mark.parametrize("times", [(6, 6, 9), (0, 0, 0)])
def test_directories_changed_at_other_times_or_with_the_newest_layer_do_not(times):
    assert emptied(*times).findings(RULE) == []
