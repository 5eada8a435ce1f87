"""A word leads to the objects it may mean, the surest reading first."""

from __future__ import annotations

import pytest

from analyzer.graph.find import find
from analyzer.graph.relations import relate
from tests.editing import Edited

API = "quay.example.test/shop/api:2.0"


@pytest.fixture(scope="module")
def store():
    return Edited()


@pytest.fixture(scope="module")
def relations(store):
    return tuple(relate(store.snapshot("quick")))


def meant(relations, word):
    return [(f.kind, f.id) for f in find(relations, word)]


def test_full_ids(store, relations):
    image, container = store.image_named(API), store.containers()[0]
    assert meant(relations, image["id"]) == [("image", image["id"])]
    assert meant(relations, image["layer"]) == [("layer", image["layer"])]
    assert meant(relations, container["id"]) == [("container", container["id"])]


def test_starts_of_ids_list_every_candidate(store, relations):
    ids = {
        **{row["id"]: "layer" for row in store.layers()},
        **{row["id"]: "image" for row in store.images()},
        **{row["id"]: "container" for row in store.containers()},
    }
    ids.update((row["id"], "layer") for row in store.records("storage/overlay-layers/volatile-layers.json"))
    ids.update((row["id"], "container") for row in store.records("storage/overlay-containers/volatile-containers.json"))
    for start in "0123456789abcdef":
        assert {i: k for k, i in meant(relations, start)} == {i: k for i, k in ids.items() if i.startswith(start)}


@pytest.mark.parametrize("word", [API, "shop/api:2.0", "api:2.0", "shop/api", "quay.example.test/shop/api"])
def test_names_of_an_image(store, relations, word):
    assert meant(relations, word) == [("image", store.image_named(API)["id"])]


def test_names_of_containers_and_pods(store, relations):
    by_name = {row["names"][0]: row["id"] for row in store.containers()}
    assert meant(relations, "web1") == [("container", by_name["web1"])]
    api = by_name["k8s_api_api-7c9_shop_11111111-2222-3333-4444-555555555555_0"]
    assert meant(relations, "api-7c9/api") == [("container", api)]
    assert ("container", api) in meant(relations, "api-7c9")


def test_link_ids(store, relations):
    layer = store.image_named(API)["layer"]
    link = store.text(f"storage/overlay/{layer}/link")
    for word in (link, f"l/{link}", f"storage/overlay/l/{link}", f"/var/lib/containers/storage/overlay/l/{link}"):
        assert meant(relations, word) == [("layer", layer)]


def test_digests(store, relations):
    image = store.image_named(API)
    layer = next(row for row in store.layers() if row["id"] == image["layer"])
    assert meant(relations, image["digest"]) == [("image", image["id"])]
    assert ("layer", layer["id"]) in meant(relations, layer["diff-digest"])
    assert meant(relations, layer["compressed-diff-digest"]) == [("layer", layer["id"])]


def test_paths_in_the_bundle_and_on_the_node(store, relations):
    image, layer = store.image_named(API)["id"], store.image_named(API)["layer"]
    for start in ("storage/", "/var/lib/containers/storage/", "./storage/"):
        assert meant(relations, f"{start}overlay/{layer}/diff/etc") == [("layer", layer)]
        assert meant(relations, f"{start}overlay-layers/{layer}.tar-split.gz") == [("layer", layer)]
        assert meant(relations, f"{start}overlay-images/{image}/manifest") == [("image", image)]


@pytest.mark.parametrize("word", ["", " ", "nothing", "storage/overlay/l", "../../etc/passwd", "\x1b[31m", "sha256:"])
def test_what_means_nothing(relations, word):
    assert meant(relations, word) == [] or word == "sha256:"


def test_a_layer_without_a_record_is_found_by_who_names_it(store):
    layer = store.chain(store.image_named(API)["layer"])[-1]
    damaged = Edited()
    damaged.write_layers([row for row in damaged.layers() if row["id"] != layer]).remove(f"storage/overlay/{layer}")
    assert meant(tuple(relate(damaged.snapshot("quick"))), layer[:9]) == [("layer", layer)]
