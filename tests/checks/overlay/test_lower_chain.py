"""OVL-009: the chain that `lower` leads along."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-009"
API = "quay.example.test/shop/api:2.0"
CRON = "quay.example.test/ops/cron:0.9"
WEB_TOP = "fcdc62168ec4a97de85add09fb28826a7d4121a838e779a743f35f36ceefa115"


def sample() -> tuple[Edited, str]:
    store = Edited()
    layer = store.image_named(API)["layer"]
    other = store.image_named(CRON)["layer"]
    return store.write(f"storage/overlay/{layer}/lower", store.text(f"storage/overlay/{other}/lower")), layer


def with_parent(store: Edited, layer: str, parent: str) -> Edited:
    records = store.layers()
    next(record for record in records if record["id"] == layer)["parent"] = parent
    return store.write_layers(records)


def test_the_bundle_with_another_images_lower():
    store = Edited("lower-wrong-chain")
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (WEB_TOP, "error")
    assert finding.facts["right"] == "record"
    assert finding.facts["lower_should_be"] == Edited().text(f"storage/overlay/{WEB_TOP}/lower")
    assert finding.facts["recorded"] == store.chain(WEB_TOP)[1:]


def test_a_changed_parent_is_told_by_the_id_and_not_by_every_layer_above():
    store = Edited()
    chain = store.chain(store.image_named(API)["layer"])
    layer, parent = chain[1], chain[2]
    [finding] = with_parent(store, layer, chain[4]).findings(RULE)
    assert finding.subject.id == layer
    assert (finding.facts["right"], finding.facts["parent_should_be"]) == ("lower", parent)
    assert finding.facts["lower_should_be"] == ""


def test_a_shortened_lower_is_found():
    store = Edited()
    layer = store.image_named(API)["layer"]
    path = f"storage/overlay/{layer}/lower"
    [finding] = store.write(path, store.text(path).rpartition(":")[0]).findings(RULE)
    assert finding.subject.id == layer


def test_swapped_parts_are_found():
    store = Edited()
    layer = store.image_named(API)["layer"]
    path = f"storage/overlay/{layer}/lower"
    first, second, rest = store.text(path).split(":", 2)
    [finding] = store.write(path, f"{second}:{first}:{rest}").findings(RULE)
    assert finding.subject.id == layer


def test_children_tell_which_is_right_where_ids_are_random():
    store = Edited("image-store")
    layer = store.images("images")[1]["layer"]
    parent = next(record["parent"] for record in store.layers("images") if record["id"] == layer)
    other = store.images("images")[0]["layer"]
    link = store.text(f"images/overlay/{other}/link")
    [finding] = store.write(f"images/overlay/{layer}/lower", f"l/{link}").findings(RULE)
    assert (finding.subject.id, finding.facts["right"]) == (layer, "record")
    assert finding.facts["recorded"][0] == parent


def test_mapped_copies_and_containers_on_them_are_healthy():
    assert Edited("userns-mapped").findings(RULE) == []


def test_a_mapped_copy_whose_image_is_gone_is_healthy():
    store = Edited("userns-mapped")
    store.write_images([image for image in store.images() if "mapped-layers" not in image])
    assert store.findings(RULE) == []


def test_lowers_may_lead_into_other_stores():
    assert Edited("healthy-additional-store").findings(RULE) == []
    assert Edited("image-store").findings(RULE) == []


def test_layers_above_a_damaged_one_are_innocent():
    store = Edited()
    chain = store.chain(store.image_named(API)["layer"])
    base = chain[-1]
    link = store.text(f"storage/overlay/{base}/link")
    store.write(f"storage/overlay/{base}/link", b"").remove(f"storage/overlay/l/{link}")
    assert store.findings(RULE) == []


def test_layers_above_a_removed_directory_are_innocent():
    assert Edited("layer-dir-removed").findings(RULE) == []
    store = Edited("layer-dir-removed").remove("storage/overlay/l/2SRKNWIBHDFQRW6HFJYRBXV6VT")
    assert store.findings(RULE) == []


def test_layers_above_a_missing_parent_or_a_cycle_are_not_judged():
    assert Edited("parent-record-missing").findings(RULE) == []
    assert Edited("parent-cycle").findings(RULE) == []


def test_a_container_made_on_a_wrong_lower_repeats_it_and_is_innocent():
    store = Edited("lower-wrong-chain")
    container = next(record["id"] for record in store.layers() if record.get("parent") == WEB_TOP)
    link = store.text(f"storage/overlay/{WEB_TOP}/link")
    store.write(f"storage/overlay/{container}/lower", f"l/{link}:{store.text(f'storage/overlay/{WEB_TOP}/lower')}")
    assert [finding.subject.id for finding in store.findings(RULE)] == [WEB_TOP]
