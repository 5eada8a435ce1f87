"""What one command did to many objects is one cause with all of them; what only looks alike stays apart."""

from __future__ import annotations

from analyzer.api import judge
from tests.contents import BASE, SPLIT
from tests.editing import Edited

API = "quay.example.test/shop/api:2.0"
VOLATILE = "storage/overlay-containers/volatile-containers.json"
WEB = "quay.example.test/shop/web:1.4"


def causes(store: Edited, family: str) -> list[dict]:
    """Return the causes of a family, by rank."""
    return [cause for cause in judge(store.snapshot()).to_dict()["causes"] if cause["id"] == family]


def hit(cause: dict, kind: str = "images") -> set[str]:
    return {each["id"] for each in cause["affected"][kind]}


def manifest(store: Edited, image_id: str) -> str:
    return f"storage/overlay-images/{image_id}/manifest"


def test_manifests_gone_from_several_images_are_one_loss():
    store = Edited()
    images = [image["id"] for image in store.images() if manifest(store, image["id"]) in store.entries]
    for image in images:
        store.remove(manifest(store, image))
    [cause] = causes(store, "image-data-lost")
    assert hit(cause) == set(images)
    assert cause["title"].endswith(f"and {len(images) - 1} more lost data that their records name")


def test_a_manifest_and_a_config_are_two_losses():
    store = Edited()
    one, two = (store.image_named(name)["id"] for name in (API, WEB))
    store.remove(manifest(store, one))
    [config] = [
        path for path in store.below(f"storage/overlay-images/{two}") if path.rpartition("/")[2].startswith("=c2hh")
    ]
    store.remove(config)
    assert [hit(cause) for cause in causes(store, "image-data-lost")] in ([{one}, {two}], [{two}, {one}])


def test_a_shorter_list_of_layers_is_one_loss():
    store = Edited()
    layers = store.layers()
    store.write_layers(layers[:1])
    [cause] = causes(store, "layer-record-lost")
    assert f"the records of {len(layers) - 1} layers" in cause["title"]


def test_a_layer_made_anew_is_told_once_for_all_its_children():
    store = Edited()
    made = [layer for layer in store.layers() if "diff-digest" in layer]
    parents = [layer["id"] for layer in made if sum(each.get("parent") == layer["id"] for each in made) > 1]
    parent = parents[0]
    text = f"storage/overlay/{parent}/link"
    store.remove(f"storage/overlay/l/{store.text(text)}")
    store.symlink("storage/overlay/l/" + "A" * 26, f"../{parent}/diff").write(text, "A" * 26)
    children = {layer["id"] for layer in store.layers() if layer.get("parent") == parent}
    [cause] = [each for each in causes(store, "records-disagree") if parent[:12] in each["title"]]
    assert f"`lower` of {len(children)} layers" in cause["title"]
    assert {subject["id"] for subject in cause["subjects"]} == children


def test_a_size_one_bit_off_is_the_medium_and_another_one_an_edit():
    for size, family in ((47_104 ^ 4_096, "media-corruption"), (47_104 + 1_536, "records-disagree")):
        store = Edited()
        index = "storage/overlay-layers/layers.json"
        written = store.entries[index][0].mtime_ns
        store.write_layers([{**each, "diff-size": size} if each["id"] == BASE else each for each in store.layers()])
        store.entries[index][0].mtime_ns = written
        first = judge(store.snapshot()).to_dict()["causes"][0]
        assert (first["id"], first["subjects"][0]["id"]) == (family, BASE)


def test_tar_splits_that_are_gone_are_one_cause_and_a_damaged_one_another():
    store = Edited()
    splits = [path for path in store.entries if path.endswith(".tar-split.gz") and path != SPLIT]
    store.remove(splits[0]).remove(splits[1]).write(SPLIT, store.data(SPLIT)[:40])
    titles = [cause["title"] for cause in causes(store, "tar-split-damaged")]
    assert sum(title.endswith("is missing") for title in titles) == 1
    assert sum(title.endswith("is damaged") for title in titles) == 1


def test_a_container_layer_never_came_from_an_additional_store():
    store = Edited("healthy-additional-store")
    row = store.containers()[0]
    store.write_layers([each for each in store.layers() if each["id"] != row["layer"]])
    store.remove(f"storage/overlay/{row['layer']}")
    assert causes(store, "additional-store-changed") == []


def test_a_closed_root_hits_what_will_be_made_of_the_image():
    store = Edited()
    layer = store.image_named(API)["layer"]
    [cause] = causes(store.change(f"storage/overlay/{layer}/diff", mode=0o700), "base-layer-modified")
    assert hit(cause) == {image["id"] for image in store.images() if image.get("layer") == layer}
    assert hit(cause, "containers") == set()


def test_an_index_that_lies_beside_its_place_was_moved():
    store = Edited()
    index = "storage/overlay-layers/layers.json"
    member, data = store.entries.pop(index)
    member.path = f"{index}.gz"
    store.entries[member.path] = (member, data)
    first, *_ = judge(store.snapshot()).to_dict()["causes"]
    assert (first["subjects"][0]["path"], first["severity"]) == (index, "critical")


def test_a_field_lost_from_every_record_is_told_once():
    store = Edited()
    rows = store.images()
    stacked = {row["id"] for row in rows if row.pop("layer", "")}
    [cause] = causes(store.write_images(rows), "records-disagree")
    assert {subject["id"] for subject in cause["subjects"]} == stacked
    assert {image["id"] for image in cause["affected"]["images"]} == stacked


def test_records_that_contradict_each_other_in_two_places_are_two_causes():
    store = Edited()
    rows = store.images()
    for row in [row for row in rows if row.get("layer")][:2]:
        del row["layer"]
    assert len(causes(store.write_images(rows), "records-disagree")) == 2


def test_a_removal_that_stopped_behind_the_short_link_is_one_removal():
    store = Edited()
    used = {row["image"] for row in (*store.containers(), *store.records(VOLATILE))}
    parents = {row.get("parent") for row in store.layers()}
    tops = [image.get("layer") for image in store.images()]
    image = next(i for i in store.images() if i["id"] not in used and tops.count(i.get("layer")) == 1
                 and i.get("layer") not in parents | {None, ""})  # fmt: skip
    store.write_images([row for row in store.images() if row is not image and row["id"] != image["id"]])
    store.remove(f"storage/overlay-images/{image['id']}")
    flagged = {"flags": {"incomplete": True}}
    store.write_layers([{**row, **(flagged if row["id"] == image["layer"] else {})} for row in store.layers()])
    target = f"../{image['layer']}/diff"
    [link] = [path for path, (member, _) in store.entries.items() if member.link == target]
    found = judge(store.remove(link).snapshot()).to_dict()["causes"]
    assert [each["id"] for each in found if each["severity"] != "info"] == ["interrupted-removal"]


def test_manifests_of_several_images_that_one_program_rewrote_are_one_alteration():
    store = Edited()
    images = [image["id"] for image in store.images() if manifest(store, image["id"]) in store.entries]
    for image in images:
        text = store.data(manifest(store, image)) + b"\n"
        store.write(manifest(store, image), text).change(manifest(store, image), mtime_ns=store.changed_ns)
    assert len(images) > 2
    [cause] = causes(store, "image-data-altered")
    assert set(images) <= hit(cause)
    assert cause["title"].endswith(f"and {len(images) - 1} more is not what was stored")
