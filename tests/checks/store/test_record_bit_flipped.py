"""STO-021: one bit of an index file."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "STO-021"
LAYERS = "storage/overlay-layers/layers.json"


def sample() -> tuple[Edited, str]:
    """Return a store in which the letter `i` of one record's `id` became `h`."""
    store = Edited()
    data = store.data(LAYERS)
    at = data.index(b'"id"', len(data) // 2) + 1
    return store.write(LAYERS, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]), LAYERS


def test_a_field_name():
    store, path = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.path, finding.facts["found"], finding.facts["right"]) == (path, "field hd", "id")


def test_an_id():
    store = Edited()
    layer = store.layers()[0]["id"]
    wrong = chr(ord(layer[0]) ^ 1) + layer[1:]
    data = store.data(LAYERS).replace(f'"id":"{layer}"'.encode(), f'"id":"{wrong}"'.encode(), 1)
    [finding] = store.write(LAYERS, data).findings(RULE)
    assert finding.facts["ids"] == [wrong, layer]


def test_an_edit_is_no_flipped_bit():
    store = Edited()
    rows = store.layers()
    rows[0]["idx"] = rows[0].pop("id")
    assert store.write_layers(rows).findings(RULE) == []


def test_an_id_that_a_record_names_is_wrong_there_and_not_in_the_record_that_has_it():
    store = Edited()
    container = store.containers()[0]
    wrong = chr(ord(container["layer"][0]) ^ 1) + container["layer"][1:]
    path = "storage/overlay-containers/containers.json"
    store.write(path, store.text(path).replace(f'"layer":"{container["layer"]}"', f'"layer":"{wrong}"'))
    [finding] = store.findings(RULE)
    assert finding.subject.path == path
    assert (finding.facts["found"], finding.facts["right"]) == (f"layer {wrong}", container["layer"])
    assert finding.facts["broken"] == [container["id"]]


def test_go_reads_a_field_whatever_its_case():
    store = Edited()
    rows = [{name.capitalize(): value for name, value in row.items()} for row in store.layers()]
    assert store.write_layers(rows).findings(RULE) == []


def moved(store: Edited, old: str, new: str) -> Edited:
    """Give an entry and all below it another name, as the medium does: no time moves."""
    for path in store.below(old):
        member, data = store.entries.pop(path)
        member.path = new + path.removeprefix(old)
        store.entries[member.path] = (member, data)
    return store


@pytest.mark.parametrize(("name", "wrong"), [("lower", "mower"), ("link", "mink"), ("diff", "dhff")])
def test_a_name_in_a_layer_directory(name, wrong):
    store = Edited()
    layer = next(row["id"] for row in store.layers() if row.get("parent"))
    path = f"storage/overlay/{layer}"
    [finding] = moved(store, f"{path}/{name}", f"{path}/{wrong}").findings(RULE)
    assert (finding.subject.path, finding.facts["ids"]) == (f"{path}/{wrong}", [layer])


def test_a_name_in_the_data_of_an_image():
    store = Edited()
    path = f"storage/overlay-images/{store.images()[0]['id']}"
    moved(store, f"{path}/manifest", f"{path}/lanifest")
    assert [finding.subject.path for finding in store.findings(RULE)] == [f"{path}/lanifest"]
    assert [finding.facts["items"] for finding in store.findings("IMG-001")] == [["manifest"]]


@pytest.mark.parametrize("part", ["images", "containers"])
def test_a_directory_and_not_its_record(part):
    store = Edited("podman-pod")
    root = "srv/podman/storage"
    key = (store.images(root) if part == "images" else store.containers(root))[0]["id"]
    wrong = f"{root}/overlay-{part}/{chr(ord(key[0]) ^ 1)}{key[1:]}"
    assert [f.subject.path for f in moved(store, f"{root}/overlay-{part}/{key}", wrong).findings(RULE)] == [wrong]
