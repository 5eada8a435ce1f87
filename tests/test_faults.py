"""Faults made in memory on a real store: the cause must be the damaged object, with exactly who stands on it.

The store is the healthy CRI-O and Podman node of `tests/bundles`. Expected subjects follow from what was damaged;
affected images and containers are computed here from the records, by walking parents.
"""

from __future__ import annotations

import json

import pytest

from analyzer.api import judge
from analyzer.source.member import FILE
from tests.editing import Edited

API = "quay.example.test/shop/api:2.0"
WEB = "quay.example.test/shop/web:1.4"
DB = "quay.example.test/data/db:15"
LAYERS = "storage/overlay-layers/layers.json"
IMAGES = "storage/overlay-images/images.json"
CONTAINERS = "storage/overlay-containers/containers.json"
NOBODY = (set(), set())


def standing_on(store: Edited, layers=(), images=()):
    """Return (image ids, container ids) that need any of the objects, from the undamaged records."""
    wanted, named = set(layers), set(images)
    hit_images = {i["id"] for i in store.images() if named & {i["id"]} or wanted & set(store.chain(i.get("layer")))}
    volatile = store.records("storage/overlay-containers/volatile-containers.json")
    hit = {
        c["id"]
        for c in [*store.containers(), *volatile]
        if c["image"] in named or c["image"] in hit_images or c["layer"] in wanted
    }
    return hit_images, hit


def everybody(store: Edited):
    volatile = store.records("storage/overlay-containers/volatile-containers.json")
    return {i["id"] for i in store.images()}, {c["id"] for c in [*store.containers(), *volatile]}


def top(store: Edited, name: str) -> str:
    return store.image_named(name)["layer"]


def with_layer(store: Edited, layer_id: str, **fields) -> Edited:
    return store.write_layers([{**row, **fields} if row["id"] == layer_id else row for row in store.layers()])


def with_image(store: Edited, image_id: str, **fields) -> Edited:
    return store.write_images([{**row, **fields} if row["id"] == image_id else row for row in store.images()])


def without(rows, object_id: str):
    return [row for row in rows if row["id"] != object_id]


FAULTS = {}


def fault(function):
    """Register a fault: a function that damages the store and returns (subject keys, affected, family or None)."""
    FAULTS[function.__name__.replace("_", "-")] = function
    return function


@fault
def base_layer_directory_removed(store):
    base = store.chain(top(store, API))[-1]
    hit = standing_on(store, [base])
    store.remove(f"storage/overlay/{base}")
    return [base], hit, "layer-directory-removed"


@fault
def diff_directory_removed(store):
    layer = top(store, API)
    hit = standing_on(store, [layer])
    store.remove(f"storage/overlay/{layer}/diff")
    return [layer], hit, "layer-directory-removed"


@fault
def top_layer_record_removed(store):
    layer = top(store, API)
    hit = standing_on(store, [layer])
    store.write_layers(without(store.layers(), layer))
    return [layer], hit, "layer-record-lost"


@fault
def middle_layer_record_and_directory_removed(store):
    layer = store.chain(top(store, API))[1]
    hit = standing_on(store, [layer])
    store.write_layers(without(store.layers(), layer)).remove(f"storage/overlay/{layer}")
    return [layer], hit, "layer-record-lost"


@fault
def link_filled_with_nuls(store):
    layer = top(store, API)
    hit = standing_on(store, [layer])
    store.write(f"storage/overlay/{layer}/link", bytes(26))
    return [layer], hit, "unclean-shutdown"


@fault
def lower_emptied(store):
    layer = top(store, API)
    hit = standing_on(store, [layer])
    store.write(f"storage/overlay/{layer}/lower", b"")
    return [layer], hit, "unclean-shutdown"


@fault
def lower_removed(store):
    layer = top(store, API)
    hit = standing_on(store, [layer])
    store.remove(f"storage/overlay/{layer}/lower")
    return [layer], hit, None


@fault
def lower_of_another_chain(store):
    layer = top(store, WEB)
    hit = standing_on(store, [layer])
    store.write(f"storage/overlay/{layer}/lower", store.data(f"storage/overlay/{top(store, API)}/lower"))
    return [layer], hit, "records-disagree"


@fault
def short_link_points_to_another_layer(store):
    layer, other = top(store, API), top(store, WEB)
    hit = standing_on(store, [layer])
    link = store.text(f"storage/overlay/{layer}/link")
    store.symlink(f"storage/overlay/l/{link}", f"../{other}/diff")
    return [layer, other, f"storage/overlay/l/{link}"], hit, None


@fault
def l_directory_is_a_symlink(store):
    for path in store.below("storage/overlay/l"):
        del store.entries[path]
    store.symlink("storage/overlay/l", "/tmp/elsewhere")
    return ["storage/overlay/l", "storage"], None, None


@fault
def parent_cycle_of_one(store):
    layer = top(store, API)
    hit = standing_on(store, [layer])
    with_layer(store, layer, parent=layer)
    return [layer], hit, "records-disagree"


@fault
def parent_changed_by_hand(store):
    layer, other = top(store, API), top(store, WEB)
    hit = standing_on(store, [layer])
    with_layer(store, layer, parent=other)
    return [layer], hit, "records-disagree"


@fault
def layer_flagged_incomplete(store):
    layer = store.chain(top(store, API))[1]
    hit = standing_on(store, [layer])
    with_layer(store, layer, flags={"incomplete": True})
    return [layer], hit, "interrupted-pull"


@fault
def layers_json_emptied(store):
    hit = everybody(store)
    store.write(LAYERS, b"")
    return [LAYERS], hit, "unclean-shutdown"


@fault
def layers_json_of_nuls(store):
    hit = everybody(store)
    store.write(LAYERS, bytes(len(store.data(LAYERS))))
    return [LAYERS], hit, "unclean-shutdown"


@fault
def images_json_cut(store):
    hit = everybody(store)
    store.write(IMAGES, store.data(IMAGES)[:4096])
    return [IMAGES], hit, "unclean-shutdown"


@fault
def images_json_emptied(store):
    hit = everybody(store)
    store.write(IMAGES, b"")
    return [IMAGES], (hit[0], None), "unclean-shutdown"


@fault
def containers_json_of_nuls(store):
    hit = everybody(store)
    store.write(CONTAINERS, bytes(len(store.data(CONTAINERS))))
    return [CONTAINERS], (hit[0], None), "unclean-shutdown"


@fault
def layers_json_with_text_after_it(store):
    hit = everybody(store)
    store.write(LAYERS, store.data(LAYERS) + b"x")
    return [LAYERS], hit, "records-disagree"


@fault
def null_row_in_layers_json(store):
    hit = everybody(store)
    store.write_layers([*store.layers(), None])
    return [LAYERS], hit, "records-disagree"


@fault
def manifest_emptied(store):
    image = store.image_named(API)["id"]
    hit = standing_on(store, images=[image])
    store.write(f"storage/overlay-images/{image}/manifest", b"")
    return [image], hit, "unclean-shutdown"


@fault
def manifest_of_nuls(store):
    image = store.image_named(API)["id"]
    hit = standing_on(store, images=[image])
    path = f"storage/overlay-images/{image}/manifest"
    store.write(path, bytes(len(store.data(path))))
    return [image], hit, "unclean-shutdown"


@fault
def manifest_with_one_bit_flipped(store):
    image = store.image_named(API)["id"]
    hit = standing_on(store, images=[image])
    path = f"storage/overlay-images/{image}/manifest"
    data = bytearray(store.data(path))
    data[data.index(b"sha256:") + 9] ^= 1
    store.write(path, bytes(data))
    return [image], hit, "image-data-altered"


@fault
def config_edited(store):
    image = store.image_named(API)["id"]
    hit = standing_on(store, images=[image])
    path = config_path(store, image)
    store.write(path, store.data(path).replace(b"amd64", b"arm64"))
    return [image], hit, "image-data-altered"


@fault
def config_removed(store):
    image = store.image_named(API)["id"]
    hit = standing_on(store, images=[image])
    store.remove(config_path(store, image))
    return [image], hit, "image-data-lost"


@fault
def image_directory_removed(store):
    image = store.image_named(API)["id"]
    hit = standing_on(store, images=[image])
    store.remove(f"storage/overlay-images/{image}")
    return [image], hit, "image-data-lost"


@fault
def image_names_another_top_layer(store):
    image = store.image_named(API)["id"]
    hit = standing_on(store, images=[image])
    with_image(store, image, layer=top(store, WEB))
    return [image], hit, None


@fault
def image_record_removed(store):
    image = store.image_named(API)["id"]
    containers = {c["id"] for c in store.containers() if c["image"] == image}
    store.write_images(without(store.images(), image))
    return [image, *containers], (None, containers), None


@fault
def container_layer_removed(store):
    container = next(c for c in store.containers() if c["image"] == store.image_named(API)["id"])
    layer = container["layer"]
    store.write_layers(without(store.layers(), layer)).remove(f"storage/overlay/{layer}")
    return [layer, container["id"]], (set(), {container["id"]}), "layer-record-lost"


@fault
def container_layer_directory_removed(store):
    container = next(c for c in store.containers() if c["image"] == store.image_named(API)["id"])
    layer = container["layer"]
    store.remove(f"storage/overlay/{layer}")
    return [layer, container["id"]], (set(), {container["id"]}), "layer-directory-removed"


@fault
def base_file_edited_in_place(store):
    layer = store.chain(top(store, API))[-1]
    hit = standing_on(store, [layer])
    path = f"storage/overlay/{layer}/diff/etc/passwd"
    data = bytearray(store.data(path))
    data[0] ^= 3
    store.write(path, bytes(data))
    return [layer, path], hit, "base-layer-modified"


@fault
def base_file_removed(store):
    layer = store.chain(top(store, API))[-1]
    hit = standing_on(store, [layer])
    path = f"storage/overlay/{layer}/diff/etc/passwd"
    store.remove(path)
    return [layer, path], hit, "base-layer-modified"


@fault
def file_planted_in_base(store):
    layer = store.chain(top(store, API))[-1]
    hit = standing_on(store, [layer])
    path = f"storage/overlay/{layer}/diff/etc/ld.so.preload"
    store.write(path, b"/tmp/x.so\n").change(path, mode=0o644, kind=FILE)
    return [layer, path], hit, "base-layer-modified"


@fault
def base_file_truncated(store):
    layer = store.chain(top(store, API))[-1]
    hit = standing_on(store, [layer])
    path = f"storage/overlay/{layer}/diff/etc/passwd"
    store.write(path, store.data(path)[:3])
    return [layer, path], hit, "base-layer-modified"


@fault
def base_file_of_nuls(store):
    layer = store.chain(top(store, API))[-1]
    hit = standing_on(store, [layer])
    path = f"storage/overlay/{layer}/diff/etc/passwd"
    store.write(path, bytes(len(store.data(path))))
    return [layer, path], hit, "unclean-shutdown"


@fault
def setuid_added_to_base_file(store):
    layer = store.chain(top(store, API))[-1]
    hit = standing_on(store, [layer])
    path = f"storage/overlay/{layer}/diff/bin/init"
    store.change(path, mode=0o4755)
    return [layer, path], hit, None


@fault
def tar_split_removed(store):
    layer = top(store, API)
    hit = standing_on(store, [layer])
    store.remove(f"storage/overlay-layers/{layer}.tar-split.gz")
    return [layer, f"storage/overlay-layers/{layer}.tar-split.gz"], hit, "tar-split-damaged"


@fault
def tar_split_emptied(store):
    layer = top(store, API)
    hit = standing_on(store, [layer])
    store.write(f"storage/overlay-layers/{layer}.tar-split.gz", b"")
    return [layer, f"storage/overlay-layers/{layer}.tar-split.gz"], hit, "unclean-shutdown"


@fault
def local_list_on_a_crio_node(store):
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": "sha256:" + "5" * 64,
                "size": 500,
                "platform": {"architecture": "s390x", "os": "linux"},
            }
        ],
    }
    text = json.dumps(index)
    image = "7" * 64
    record = {
        "id": image,
        "names": ["quay.example.test/ci/multi:latest"],
        "big-data-names": ["manifest", "instances.json"],
        "big-data-sizes": {"manifest": len(text), "instances.json": 2},
        "created": "2026-11-24T18:41:00Z",
    }
    store.write_images([*store.images(), record])
    store.directory(f"storage/overlay-images/{image}")
    store.write(f"storage/overlay-images/{image}/manifest", text)
    store.write(f"storage/overlay-images/{image}/instances.json", "{}")
    return [image], ({image}, set()), "local-manifest-list"


def config_path(store, image):
    from analyzer.snapshot.bigdata import file_name

    return f"storage/overlay-images/{image}/{file_name(f'sha256:{image}')}"


@pytest.mark.parametrize("name", FAULTS)
def test_the_cause_is_what_was_damaged(name, valid):
    store = Edited()
    subjects, affected, family = FAULTS[name](store)
    document = valid(judge(store.snapshot()).to_dict())
    assert document["verdict"] == "damaged"
    first = document["causes"][0]
    key = first["subjects"][0]["id"] or first["subjects"][0]["path"]
    assert key in subjects, first["title"]
    if family is not None:
        assert first["id"] == family, [(cause["id"], cause["probability"]) for cause in document["causes"]]
    if affected is not None:
        images = {image["id"] for image in first["affected"]["images"]}
        containers = {container["id"] for container in first["affected"]["containers"]}
        for seen, expected in ((images, affected[0]), (containers, affected[1])):
            assert expected is None or seen == expected
    assert document["coverage"]["complete"]
