"""STO-021: one bit of an index file."""

from __future__ import annotations

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
