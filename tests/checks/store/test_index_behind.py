"""STO-020: index files that load and do not know what is there."""

from __future__ import annotations

import json

import pytest

from tests.editing import Edited

RULE = "STO-020"
LAYERS = "storage/overlay-layers/layers.json"
IMAGES = "storage/overlay-images/images.json"
CONTAINERS = "storage/overlay-containers/containers.json"
VOLATILE = "storage/overlay-containers/volatile-containers.json"
DAY = 86_400_000_000_000


def sample() -> tuple[Edited, str]:
    """Return a store whose images.json is an empty list."""
    return Edited().write(IMAGES, b"[]"), IMAGES


def ids(store: Edited, path: str) -> list[str]:
    return sorted(record["id"] for record in store.records(path))


@pytest.mark.parametrize(("path", "part"), [(LAYERS, "layers"), (IMAGES, "images"), (CONTAINERS, "containers")])
def test_an_empty_list_beside_the_data(path, part):
    store = Edited()
    known = ids(store, path)
    [finding] = store.write(path, b"[]").findings(RULE)
    assert (finding.subject.path, finding.facts["kind"]) == (path, "emptied")
    assert finding.facts[part]
    assert set(finding.facts[part]) <= set(known)
    assert finding.severity in {"error", "critical"}


@pytest.mark.parametrize(("path", "other", "part"), [(LAYERS, IMAGES, "images"), (IMAGES, LAYERS, "layers")])
def test_the_rows_of_another_file(path, other, part):
    store = Edited()
    [finding] = store.write(path, store.data(other)).findings(RULE)
    assert (finding.subject.path, finding.facts["kind"]) == (path, "foreign")
    assert f"{part}.json" in finding.facts["seen"]


def made(row: dict) -> tuple[str, str]:
    return row["created"], row["id"]


def older(store: Edited, path: str, days: int) -> Edited:
    """Drop the newest row and give the file a time before that of the data it lacks."""
    rows = sorted(store.records(path), key=made)
    store.write_records(path, rows[:-1])
    return store.change(path, mtime_ns=store.entries[path][0].mtime_ns - days * DAY)


def test_images_json_older_than_what_it_lacks():
    store = Edited()
    newest = max(store.images(), key=made)["id"]
    [finding] = older(store, IMAGES, 1).findings(RULE)
    assert (finding.facts["kind"], finding.facts["images"]) == ("older", [newest])


def test_containers_json_older_than_a_container_of_which_only_the_layer_is_there():
    store = Edited()
    newest = max(store.containers(), key=made)["layer"]
    [finding] = older(store, CONTAINERS, 1).findings(RULE)
    assert (finding.facts["kind"], finding.facts["layers"]) == ("older", [newest])


@pytest.mark.parametrize("path", [IMAGES, CONTAINERS])
def test_a_record_dropped_by_an_engine_leaves_an_index_that_is_newer(path):
    assert older(Edited(), path, 0).findings(RULE) == []


def test_an_empty_list_in_an_empty_store():
    store = Edited()
    for path in list(store.entries):
        below = path.removeprefix("storage/")
        if below.partition("/")[0] in {"overlay", "overlay-images", "overlay-containers", "overlay-layers"} and (
            below.count("/") > 1 or below.endswith(".tar-split.gz") or below.startswith("overlay/")
        ):
            store.entries.pop(path, None)
    for path in (LAYERS, IMAGES, CONTAINERS):
        store.write(path, b"[]")
    for path in ("volatile-layers.json", "volatile-containers.json"):
        for known in [p for p in store.entries if p.endswith(path)]:
            store.write(known, b"[]")
    assert store.findings(RULE) == []


def test_an_empty_volatile_list_beside_containers_and_their_layers():
    """A removal leaves one container half gone, not several."""
    store = Edited()
    volatile = "storage/overlay-layers/volatile-layers.json"
    rows = store.records(CONTAINERS)
    layers = {row["layer"] for row in rows}
    store.write(volatile, json.dumps([row for row in store.layers() if row["id"] in layers]))
    store.write_layers([row for row in store.layers() if row["id"] not in layers])
    store.write(CONTAINERS, b"[]").write(VOLATILE, b"[]")
    [finding] = store.findings(RULE)
    assert (finding.subject.path, finding.facts["kind"], finding.severity) == (VOLATILE, "emptied", "error")
    left, *others = [row for row in rows if f"storage/overlay-containers/{row['id']}" in store.entries]
    assert others
    for row in others:
        store.leave_out(f"storage/overlay-containers/{row['id']}")
    store.write(volatile, json.dumps([row for row in store.records(volatile) if row["id"] == left["layer"]]))
    assert store.findings(RULE) == []


def test_containers_whose_layers_went_with_them_are_a_leak():
    """An engine removes a container's layer first: directories left alone tell of no lost index."""
    store = Edited()
    owned = {row["layer"] for row in store.containers()}
    store.write_layers([row for row in store.layers() if row["id"] not in owned])
    volatile = "storage/overlay-layers/volatile-layers.json"
    if volatile in store.entries:
        store.write(volatile, b"[]")
    assert store.write(CONTAINERS, b"[]").findings(RULE) == []


def loose_layers_beside_an_empty_list(moved_ns: int) -> Edited:
    """Return a store whose container layers alone tell of containers, its list emptied a day later."""
    store = Edited("healthy-zstd-chunked").write_containers([])
    path = "storage/overlay-containers/containers.json"
    return store.change(path, mtime_ns=store.entries["storage/overlay-layers/layers.json"][0].mtime_ns + moved_ns)


def test_a_list_emptied_by_no_engine_is_told_by_the_layers_that_no_container_owns():
    [finding] = loose_layers_beside_an_empty_list(DAY).findings(RULE)
    assert finding.facts["kind"] == "emptied"
    assert loose_layers_beside_an_empty_list(0).findings(RULE) == []


def test_a_copy_that_gives_its_own_times_tells_of_no_edit():
    store = loose_layers_beside_an_empty_list(DAY)
    for member, _ in store.entries.values():
        member.mtime_ns = store.entries["storage/overlay-containers/containers.json"][0].mtime_ns
    assert store.findings(RULE) == []


def test_an_empty_list_of_images_whose_data_was_set_aside():
    store = Edited()
    for image in store.images():
        store.remove(f"storage/overlay-images/{image['id']}")
    used = {row["image"] for row in [*store.containers(), *store.records(VOLATILE)]}
    store.write_images([])
    [finding] = store.findings(RULE)
    assert finding.facts["kind"] == "emptied"
    assert set(finding.facts["images"]) == used - {""}


def moved_aside() -> tuple[Edited, set[str]]:
    """Do `mv overlay-images overlay-images.bak` on a store without containers; an engine made an empty one."""
    store = Edited("healthy-zstd-chunked").write_containers([])
    known = {row["id"] for row in store.images()}
    for path in store.below("storage/overlay-images"):
        member, data = store.entries.pop(path)
        member.path = path.replace("overlay-images", "overlay-images.bak", 1)
        store.entries[member.path] = (member, data)
    return store.directory("storage/overlay-images").write_images([]), known


def test_a_directory_of_images_set_aside_names_what_the_empty_list_lacks():
    store, known = moved_aside()
    [finding] = [f for f in store.findings(RULE) if f.facts["part"] == "images"]
    assert (finding.facts["kind"], set(finding.facts["images"])) == ("emptied", known)


def test_a_backup_of_images_that_were_removed_since_with_their_layers_is_none():
    store, _ = moved_aside()
    for row in store.layers():
        store.remove(f"storage/overlay/{row['id']}")
    assert [f for f in store.write_layers([]).findings(RULE) if f.facts["part"] == "images"] == []
