"""OVL-012: the directory of every layer record."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "OVL-012"
API = "quay.example.test/shop/api:2.0"
VFS = {"id": "a" * 64, "created": "2026-11-24T18:00:00Z"}


def sample() -> tuple[Edited, str]:
    store = Edited()
    layer = store.image_named(API)["layer"]
    return store.remove(f"storage/overlay/{layer}"), layer


def test_a_removed_directory_is_one_finding_on_its_layer():
    [finding] = Edited("layer-dir-removed").findings(RULE)
    assert finding.subject.id == "58cfb8b27d0bd577d1f2b7bd74ba69ca7aaf749bbc716a9059462efabfbea2ee"
    assert finding.severity == "error"
    assert (len(finding.facts["images"]), len(finding.facts["containers"])) == (6, 6)


def test_a_container_layer_that_left_a_dangling_link_is_an_error():
    store = Edited()
    layer = store.containers()[0]["layer"]
    [finding] = store.remove(f"storage/overlay/{layer}").findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")


def test_a_container_layer_gone_with_its_link_may_be_a_removal_under_way():
    store = Edited()
    layer = store.containers()[0]["layer"]
    link = store.text(f"storage/overlay/{layer}/link")
    [finding] = store.remove(f"storage/overlay/{layer}").remove(f"storage/overlay/l/{link}").findings(RULE)
    assert (finding.severity, finding.confidence) == ("info", "low")
    assert "while the bundle was made" in finding.doubt


def test_records_and_short_links_alone_are_left_open():
    store = Edited()
    recorded = store.layers() + store.records("storage/overlay-layers/volatile-layers.json")
    for layer in recorded:
        store.leave_out(f"storage/overlay/{layer['id']}")
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.confidence) == ("info", "low")
    assert finding.facts["count"] == len(recorded)
    assert f"{len(store.below('storage/overlay/l')) - 1} short links" in finding.facts["left"]
    assert "left out of the capture" in finding.doubt


def test_records_and_short_links_alone_below_a_home_that_was_changed_are_a_loss():
    store = Edited()
    for path in [path for path in store.entries if path.count("/") == 2 and path.startswith("storage/overlay/")]:
        if path != "storage/overlay/l" and store.entries[path][0].kind == "dir":
            store.remove(path)
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.path) == ("error", "storage/overlay")


def test_a_bundle_of_records_is_not_judged():
    assert Edited().remove("storage/overlay").findings(RULE) == []


def test_directories_of_other_stores_count():
    assert Edited("image-store").findings(RULE) == []
    assert Edited("healthy-additional-store").findings(RULE) == []


def test_vfs_directories_are_looked_up_in_their_own_place():
    store = Edited("podman-list")
    first = store.layers()[0]
    for path in list(store.entries):
        del store.entries[path]
    store.write_records("storage/vfs-layers/layers.json", [first, VFS])
    store.directory(f"storage/vfs/dir/{first['id']}")
    [finding] = store.findings(RULE)
    assert finding.subject.id == VFS["id"]
    assert finding.subject.path == f"storage/vfs/dir/{VFS['id']}"
    assert store.directory(f"storage/vfs/dir/{VFS['id']}").findings(RULE) == []


def test_a_layer_in_flight_may_lack_its_directory():
    store = Edited("inflight-pull")
    layer = next(each["id"] for each in store.layers() if each.get("flags"))
    assert store.remove(f"storage/overlay/{layer}").findings(RULE) == []


def test_a_home_emptied_by_hand_is_one_finding_about_it():
    store = Edited()
    for layer in store.layers():
        store.remove(f"storage/overlay/{layer['id']}")
    for name in [path for path in store.entries if path.startswith("storage/overlay/") and "/." not in path]:
        if name in store.entries:
            store.remove(name)
    store.write("storage/overlay/.has-mount-program", b"false")
    [finding] = store.findings(RULE)
    assert finding.subject.path == "storage/overlay"
    assert finding.severity == "error"
    assert set(finding.facts["images"]) == {image["id"] for image in store.images()}


def test_a_capture_that_left_everything_of_the_home_out_proves_nothing():
    store = Edited()
    for path in store.below("storage/overlay")[1:]:
        store.entries.pop(path, None)
    [finding] = store.findings(RULE)
    assert finding.severity == "info"
    assert "left out of the capture" in finding.doubt


def test_a_file_in_the_place_of_a_directory_is_none():
    store = Edited("userns-mapped")
    layer = next(row["id"] for row in store.layers() if f"storage/overlay/{row['id']}" in store.entries)
    for path in store.below(f"storage/overlay/{layer}"):
        store.entries.pop(path)
    [finding] = store.write(f"storage/overlay/{layer}", b"").findings(RULE)
    assert finding.subject.id == layer


def renamed(there):
    store = Edited()
    for path in store.below("storage/overlay"):
        member, data = store.entries.pop(path)
        member.path = path.replace("storage/overlay", there, 1)
        store.entries[member.path] = (member, data)
    return store


@pytest.mark.parametrize("there", ["storage/overlay.bak", "storage/overlay2", "storage/old"])
def test_a_renamed_driver_directory_is_told_where_it_lies(there):
    [finding] = renamed(there).findings(RULE)
    assert (finding.severity, finding.facts["aside"]) == ("error", there)
    assert f"{there} has them" in finding.message


def test_layer_directories_outside_of_the_graph_root_are_no_sign():
    assert renamed("backup/overlay-of-another").findings(RULE) == []


def test_a_directory_that_lies_in_another_layers_was_moved():
    """No time moved: without its new place the capture might have left it out."""
    store = Edited()
    one, other = [row["id"] for row in store.layers() if row.get("diff-digest")][:2]
    for path in store.below(f"storage/overlay/{one}"):
        member, data = store.entries.pop(path)
        member.path = path.replace(f"storage/overlay/{one}", f"storage/overlay/{other}/{one}", 1)
        store.entries[member.path] = (member, data)
    [finding] = [finding for finding in store.findings(RULE) if finding.subject.id == one]
    assert (finding.severity, finding.doubt) == ("error", "")


def test_a_file_in_the_place_of_a_directory_was_not_left_out_of_the_capture():
    """No time moved, and yet it is no directory."""
    store = Edited()
    home = store.entries["storage/overlay"][0]
    before = home.mtime_ns
    layer = next(row["id"] for row in store.layers() if row.get("diff-digest"))
    store.leave_out(f"storage/overlay/{layer}").write(f"storage/overlay/{layer}", "")
    home.mtime_ns = before
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity, finding.doubt) == (layer, "error", "")


def test_a_directory_whose_name_is_one_bit_off_was_not_left_out_of_the_capture():
    """No time moved; an even digit and the next one are one bit apart."""
    store = Edited()
    layer = next(row["id"] for row in store.layers() if row.get("diff-digest"))
    place = next(at for at, digit in enumerate(layer) if digit in "2468")
    other = f"{layer[:place]}{chr(ord(layer[place]) ^ 1)}{layer[place + 1 :]}"
    for path in store.below(f"storage/overlay/{layer}"):
        member, data = store.entries.pop(path)
        member.path = path.replace(layer, other, 1)
        store.entries[member.path] = (member, data)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity, finding.doubt) == (layer, "error", "")


def in_its_place(store: Edited, target: str, home: str = "storage/overlay") -> str:
    """Put a symlink in the place of an image's layer; return the layer."""
    layer = store.image_named(API)["layer"]
    store.remove(f"{home}/{layer}").symlink(f"{home}/{layer}", target)
    return layer


@pytest.mark.parametrize("form", ["{}", "../overlay/{}", "./{}/", "/storage/overlay/{}"])
def test_a_symlink_to_the_directory_of_another_layer_serves_its_files(form):
    """podman 4.3.1 mounts the other layer's files, rc 0."""
    store = Edited()
    other = next(row["id"] for row in store.layers() if row["id"] != store.image_named(API)["layer"])
    layer = in_its_place(store, form.format(other))
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity, finding.facts["other"]) == (layer, "error", other)
    assert f"is a symlink to that of layer {other}" in finding.message
    assert store.findings("OVL-004") == []


def test_a_symlink_to_a_layer_that_is_not_there_leads_to_nothing():
    store = Edited()
    layer = in_its_place(store, "f" * 64)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.facts["other"]) == (layer, "")
    assert "has a record but no directory" in finding.message


@pytest.mark.parametrize("target", ["/data/overlay/{}", "../../data/{}", "kept"])
def test_a_symlink_out_of_the_home_is_not_followed(target):
    """podman 4.3.1 works through it."""
    store = Edited()
    layer = in_its_place(store, target.format(store.image_named(API)["layer"]))
    assert store.findings(RULE) == []
    assert f"storage/overlay/{layer}" in {loss.where for loss in store.snapshot().losses}


def test_a_symlink_among_full_trees_is_not_followed_either():
    store = Edited("podman-list")
    first = store.layers()[0]
    for path in list(store.entries):
        del store.entries[path]
    store.write_records("storage/vfs-layers/layers.json", [first, VFS])
    store.directory(f"storage/vfs/dir/{first['id']}")
    path = f"storage/vfs/dir/{VFS['id']}"
    assert store.symlink(path, f"/data/{VFS['id']}").findings(RULE) == []
    assert path in {loss.where for loss in store.snapshot().losses}
    [finding] = store.symlink(path, first["id"]).findings(RULE)
    assert (finding.subject.id, finding.facts["other"]) == (VFS["id"], first["id"])


def added(seconds: float) -> tuple[Edited, str]:
    """Add the record of a layer that the store has nothing of, so long after the driver's home was changed."""
    store = Edited()
    new = {**store.layers()[0], "id": "e" * 64, "parent": "", "names": [], "diff-digest": f"sha256:{'d' * 64}"}
    store.write_layers([*store.layers(), new])
    home = max(store.entries[path][0].mtime_ns for path in ("storage/overlay", "storage/overlay/l"))
    return store.change("storage/overlay-layers/layers.json", mtime_ns=home + int(seconds * 1e9)), new["id"]


def test_a_record_of_a_layer_that_the_store_has_nothing_else_of():
    """Harmless to podman 4.3.1 by itself: it lists, makes and removes, rc 0."""
    store, layer = added(1)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "warning")


def test_a_record_of_a_layer_is_left_open_where_the_home_was_changed_after_the_records_were_read():
    store, layer = added(-1)
    assert [(f.subject.id, f.severity) for f in store.findings(RULE)] == [(layer, "info")]


def test_a_record_of_a_layer_that_has_a_tar_split_is_left_open():
    store, layer = added(1)
    some = next(path for path in store.entries if path.endswith(".tar-split.gz"))
    store.write(f"storage/overlay-layers/{layer}.tar-split.gz", store.data(some))
    assert [(f.subject.id, f.severity) for f in store.findings(RULE)] == [(layer, "info")]
