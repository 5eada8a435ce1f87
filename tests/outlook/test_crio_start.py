"""Starts of CRI-O: index files, restore, garbage, repair; expectations from cri-o-observed.md."""

from __future__ import annotations

import pytest

from tests.editing import Edited
from tests.imaging import API, item_path
from tests.outlook.foretelling import LIST, START, UNCLEAN, foretell, removed

LAYERS = "storage/overlay-layers/layers.json"
IMAGES = "storage/overlay-images/images.json"
CONTAINERS = "storage/overlay-containers/containers.json"


@pytest.mark.parametrize("change", ["empty", "absent"])
def test_lost_image_records_lose_the_image_data(change):
    store = Edited()
    store = store.write(IMAGES, b"") if change == "empty" else store.remove(IMAGES)
    found = foretell(store)
    assert found[START].works
    assert removed(found[START]) == (4, 9, 4)
    assert found[LIST].works


@pytest.mark.parametrize("change", ["empty", "absent"])
def test_lost_layer_records_lose_every_layer_directory(change):
    store = Edited()
    directories = len(store.layers())
    store = store.write(LAYERS, b"") if change == "empty" else store.remove(LAYERS)
    found = foretell(store)
    assert removed(found[START]) == (directories, 0, 4)
    assert (found[LIST].works, found[LIST].message) == (False, "layer not known")
    assert not found[UNCLEAN].deletes.whole_root
    assert removed(found[UNCLEAN])[1:] == (9, 9)


def test_lost_container_records_leave_their_layers():
    store = Edited()
    lost = {container["id"] for container in store.containers()}
    below = {path.split("/")[2] for path in store.entries if path.startswith("storage/overlay-containers/")}
    found = foretell(store.write(CONTAINERS, b""))
    assert found[START].works
    assert lost & below
    assert removed(found[START]) == (0, 0, len(lost & below))


@pytest.mark.parametrize("path", [IMAGES, CONTAINERS, "storage/overlay-containers/volatile-containers.json"])
@pytest.mark.parametrize("content", [b"\0" * 40, b"[{", b"{}"])
def test_unreadable_image_or_container_records_stop_it(path, content):
    found = foretell(Edited().write(path, content))
    for command in (START, UNCLEAN):
        assert not found[command].works
        assert found[command].message.startswith(
            "validating root config: failed to get store to set defaults: loading "
        )
        assert removed(found[command]) == (0, 0, 0)
        assert found[command].because
    assert LIST not in found


@pytest.mark.parametrize("content", [b"\0" * 40, b"[{"])
def test_unreadable_layer_records_start_and_wipe_after_an_unclean_stop(content):
    found = foretell(Edited().write(LAYERS, content))
    assert found[START].works
    assert removed(found[START]) == (0, 0, 0)
    assert found[UNCLEAN].deletes.whole_root
    assert found[LIST].message.startswith('loading primary layer store data: loading "')


def test_a_null_among_the_layers_is_a_panic():
    store = Edited()
    found = foretell(store.write_layers([*store.layers(), None]))
    assert not found[START].works
    assert found[START].message.startswith("panic: ")


def test_an_invalid_digest_stops_it():
    store = Edited()
    images = store.images()
    images[0]["digest"] = "sha256:zz"
    found = foretell(store.write_images(images))
    assert "computing digests for image with ID" in found[START].message


def test_a_container_with_its_configuration_is_kept():
    store = Edited()
    pod = next(c["id"] for c in store.containers() if '"pod":true' in c["metadata"])
    before = removed(foretell(store)[START])
    store.write(f"storage/overlay-containers/{pod}/userdata/config.json", b"{}")
    assert removed(foretell(store)[START]) == (before[0] - 1, 0, before[2] - 1)


def test_versions_without_garbage_collection_delete_nothing_unknown():
    store = Edited("orphan-layer-dir")
    assert removed(foretell(store, engines=("cri-o@1.27",))[START]) == (4, 0, 4)
    assert removed(foretell(store, engines=("cri-o@1.28",))[START]) == (6, 0, 4)


def test_versions_and_configurations_without_repair_do_not_wipe():
    store = Edited("healthy-additional-store")
    assert foretell(store)[UNCLEAN].deletes.whole_root
    assert not foretell(store, engines=("cri-o@1.30",))[UNCLEAN].deletes.whole_root
    store.write("etc/crio/crio.conf.d/01-repair.conf", "[crio]\ninternal_repair = false\n")
    assert not foretell(store)[UNCLEAN].deletes.whole_root
    store.write("etc/crio/crio.conf.d/02-repair.conf", "[crio]\ninternal_repair = true\n")
    assert foretell(store)[UNCLEAN].deletes.whole_root
    assert UNCLEAN not in foretell(store, engines=("cri-o@1.30",))


def test_a_lost_directory_of_a_container_s_layer_wipes():
    store = Edited()
    layer = store.containers()[0]["layer"]
    assert foretell(store.remove(f"storage/overlay/{layer}"))[UNCLEAN].deletes.whole_root


def test_what_the_quick_check_does_not_see_is_not_repaired():
    store = Edited()
    image = store.image_named(API)["id"]
    path = item_path(image, f"sha256:{image}")
    found = foretell(store.write(path, store.data(path).replace(b"amd64", b"amd65")))
    assert not found[LIST].works
    assert removed(found[UNCLEAN]) == removed(found[START])


def test_old_unreferenced_layers_go_with_the_repair():
    store = Edited()
    images = [image for image in store.images() if API not in image["names"]]
    containers = [c for c in store.containers() if c["image"] != store.image_named(API)["id"]]
    store.write_images(images).write_containers(containers)
    layers = store.layers()
    young = removed(foretell(store)[UNCLEAN])[0]
    for layer in layers:
        layer["created"] = "2024-01-01T00:00:00Z"
    assert removed(foretell(store.write_layers(layers))[UNCLEAN])[0] > young


def test_a_bundle_without_layer_directories_foretells_no_repair():
    store = Edited()
    for path in [path for path in store.entries if path.startswith("storage/overlay/")]:
        store.entries.pop(path)
    found = foretell(store)
    assert UNCLEAN not in found
    assert START in found


def test_the_repair_on_start_is_there_from_1_31_on():
    store = Edited()
    store.remove(f"storage/overlay/{store.image_named(API)['layer']}")
    commands = {version: foretell(store, engines=(f"cri-o@{version}",)) for version in ("1.30", "1.31")}
    assert removed(commands["1.30"][UNCLEAN]) == removed(commands["1.30"][START])
    assert removed(commands["1.31"][UNCLEAN]) != removed(commands["1.31"][START])


def test_a_start_after_a_crash_repairs_by_itself_since_1_31():
    store = Edited("parent-record-missing")
    before, since = (foretell(store, engines=(f"cri-o@{version}",)) for version in ("1.30", "1.31"))
    assert removed(before[UNCLEAN]) == removed(before[START])
    assert removed(since[UNCLEAN]) != removed(since[START])


def test_the_quick_check_blames_an_image_alone_for_its_own_data():
    """containers/storage check.go: a big-data item that is missing or has another size than its record says."""
    store = Edited()
    image = store.image_named(API)["id"]
    path = item_path(image, "manifest")
    for changed in (store.text(path)[:-1], store.text(path) + " "):
        assert removed(foretell(Edited().write(path, changed))[UNCLEAN])[1] == 1
    assert removed(foretell(Edited().remove(path))[UNCLEAN])[1] == 1
    assert removed(foretell(Edited())[UNCLEAN])[1] == 0
