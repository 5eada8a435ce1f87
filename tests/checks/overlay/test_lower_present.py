"""OVL-007: presence of `lower`."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "OVL-007"
API = "quay.example.test/shop/api:2.0"


def sample() -> tuple[Edited, str]:
    store = Edited()
    layer = store.image_named(API)["layer"]
    return store.write(f"storage/overlay/{layer}/lower", b""), layer


@pytest.mark.parametrize("text", [None, b"", bytes(100)])
def test_names_the_layer_and_the_text_to_write_back(text):
    store = Edited()
    layer = store.image_named(API)["layer"]
    path = f"storage/overlay/{layer}/lower"
    true = store.text(path)
    store = store.remove(path) if text is None else store.write(path, text)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")
    assert finding.evidence[0].expected == finding.facts["lower_should_be"] == true
    assert finding.facts["unsynced"] == (text is not None)


def test_the_text_is_known_even_where_links_are_damaged_too():
    lower = Edited().text("storage/overlay/67265f11ea4ab2e8ca2d4cc623d4729a39ce926b79566039292fc86eaae27172/lower")
    found = {finding.subject.id: finding for finding in Edited("combo-power-loss").findings(RULE)}
    assert sorted(layer[:4] for layer in found) == ["1cc8", "6726", "6b85"]
    assert all(finding.facts["unsynced"] for finding in found.values())
    top = next(finding for layer, finding in found.items() if layer.startswith("6726"))
    assert top.facts["lower_should_be"] == lower


def test_a_capture_without_any_lower_is_not_damage():
    store = Edited()
    for path in [path for path in store.entries if path.endswith("/lower")]:
        store.leave_out(path)
    assert store.findings(RULE) == []


def test_all_lowers_removed_are_damage_of_every_layer_on_a_parent():
    store = Edited()
    lowers = [path for path in store.entries if path.endswith("/lower")]
    for path in lowers:
        store.remove(path)
    found = store.findings(RULE)
    assert {finding.subject.path for finding in found} == {path.rpartition("/")[0] for path in lowers}
    assert {finding.severity for finding in found} == {"error"}
    assert all(finding.facts["removed_at"] for finding in found)


def test_a_base_layer_with_a_lower_tells_which_of_the_two_its_id_proves():
    store = Edited()
    base = store.chain(store.image_named(API)["layer"])[-1]
    other = next(layer["id"] for layer in store.layers() if "parent" not in layer and layer["id"] != base)
    link = store.text(f"storage/overlay/{other}/link")
    [finding] = store.write(f"storage/overlay/{base}/lower", f"l/{link}").findings(RULE)
    assert finding.subject.id == base
    assert (finding.facts["right"], finding.facts["named"]) == ("record", other)


def test_a_record_that_lost_its_parent_is_told_by_the_id():
    store = Edited()
    layer, parent = store.chain(store.image_named(API)["layer"])[:2]
    records = store.layers()
    del next(record for record in records if record["id"] == layer)["parent"]
    [finding] = store.write_layers(records).findings(RULE)
    assert (finding.subject.id, finding.facts["right"], finding.facts["parent_should_be"]) == (layer, "lower", parent)


def test_a_mapped_copy_of_a_base_layer_has_a_lower_by_right():
    store = Edited("userns-mapped")
    base = store.chain(store.image_named("registry.zoo.test/app:1")["layer"])[-1]
    records = store.layers()
    original = next(record for record in records if record["id"] == base)
    id_map = [{"container_id": 0, "host_id": 100000, "size": 65536}]
    copied = "c" * 64
    records.append({**original, "id": copied, "uidmap": id_map, "gidmap": id_map})
    images = store.images()
    images.append({"id": "d" * 64, "layer": base, "mapped-layers": [copied], "created": "2023-01-01T00:00:00Z"})
    home = f"storage/overlay/{copied}"
    store.write_layers(records).write_images(images)
    store.directory(home).directory(f"{home}/diff").directory(f"{home}/work").directory(f"{home}/diff1")
    store.write(f"{home}/link", "C" * 26).symlink(f"storage/overlay/l/{'C' * 26}", f"../{copied}/diff")
    store.write(f"{home}/lower", f"l/{store.text(f'storage/overlay/{base}/link')}")
    assert store.findings(RULE) == []


def test_the_copy_that_is_a_records_only_bundle_is_skipped():
    store = Edited().remove("storage/overlay")
    assert dict(store.check().skipped)[RULE] == "the bundle has no layer directories"
