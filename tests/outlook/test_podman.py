"""What podman answers; expectations from runs of podman 4.3.1 and 5.8.2 on stores damaged in the same way."""

from __future__ import annotations

import json

import pytest

from tests.editing import BUNDLES, Edited
from tests.imaging import API, WEB, change_image, item_path
from tests.outlook.foretelling import PODMAN_IMAGES, PODMAN_PS, foretell

OLD, NEW = ("podman@4.3",), ("podman@5.8",)
LABEL = 'retrieving label for image "{}": you may need to remove the image to resolve the error: {}'
ZEROES = r"invalid character '\x00' looking for beginning of value"
CASES = {case["name"]: case for case in json.loads((BUNDLES / "truth.json").read_text())["bundles"]}
INSPECT, MOUNT, RUN = "podman image inspect", "podman image mount", "podman run"


def top_layer(store, name):
    return store.image_named(name)["layer"]


def failing(item):
    return dict(item.images)


def test_a_local_list_is_harmless():
    assert foretell(Edited("local-list-no-instance-arm64"))[PODMAN_IMAGES].works


@pytest.mark.parametrize(("version", "form"), [("4.3", LABEL), ("4.5", LABEL), ("4.6", "{1}"), ("5.8", "{1}")])
def test_a_broken_image_fails_the_listing(version, form):
    store = Edited()
    image = store.image_named(API)["id"]
    item = foretell(store.write(item_path(image, "manifest"), bytes(1378)), engines=(f"podman@{version}",))[
        PODMAN_IMAGES
    ]
    assert item.message == form.format(image, ZEROES)
    assert [finding.rule for finding in item.because] == ["IMG-005"]


@pytest.mark.parametrize(("version", "works"), [("4.3", False), ("4.5", False), ("4.6", True), ("5.8", True)])
def test_an_image_whose_layer_is_gone_is_left_out_since_4_6(version, works):
    store = Edited("parent-record-missing")
    item = foretell(store, engines=(f"podman@{version}",))[PODMAN_IMAGES]
    assert item.works is works
    hit = set(CASES["parent-record-missing"]["affected_images"])
    lost = {image["id"] for image in store.images() if hit & set(image["names"])}
    assert set(failing(item)) == (lost if works else set())
    assert item.verdict == (f"works, leaves out {len(lost)} images" if works else "fails")
    if not works:
        assert item.message.endswith("resolve the error: layer not known")


@pytest.mark.parametrize("path", ["overlay-images/images.json", "overlay-containers/containers.json"])
def test_records_that_keep_the_store_shut_fail_every_command(path):
    found = foretell(Edited().write(f"storage/{path}", b"\0\0"), engines=NEW)
    for command in (PODMAN_IMAGES, PODMAN_PS):
        assert not found[command].works
        assert found[command].message.startswith("configure storage: loading ")
        assert path in found[command].message
    assert RUN not in found


@pytest.mark.parametrize("path", ["overlay-images/images.json", "overlay-containers/containers.json"])
def test_old_versions_take_records_that_do_not_read_for_none(path):
    found = foretell(Edited().write(f"storage/{path}", b"\0\0"), engines=OLD)
    assert found[PODMAN_IMAGES].works
    assert found[PODMAN_PS].works


def test_old_versions_list_what_stands_before_a_cut_and_do_not_find_it():
    store = Edited()
    path = "storage/overlay-images/images.json"
    first = store.images()[0]["id"]
    item = foretell(store.write(path, store.data(path)[:-900]), engines=OLD)[PODMAN_IMAGES]
    unknown = f'reading image "{first}": locating image with ID "{first}": image not known'
    said = f"fallback error checking whether image is a manifest list: {unknown}: {unknown}"
    assert item.message == LABEL.format(first, said)


@pytest.mark.parametrize(
    ("engines", "text"),
    [
        (OLD, "resolve the error: layer not known"),
        (NEW, 'loading primary layer store data: loading "…/overlay-layers/layers.json": …'),
    ],
)
def test_layer_records_that_do_not_read(engines, text):
    found = foretell(Edited().write("storage/overlay-layers/layers.json", b"[{"), engines=engines)
    assert found[PODMAN_IMAGES].message.endswith(text)
    assert found[PODMAN_PS].works


def test_a_name_in_capitals():
    store = Edited()
    image = store.image_named(API)["id"]
    change_image(store, image, names=["quay.example.test/API:1"])
    found = foretell(store, engines=OLD)
    error = "invalid reference format: repository name must be lowercase"
    assert found[PODMAN_IMAGES].message == f'getting repoDigests from image "{image}": {error}'
    for command in (INSPECT, MOUNT, RUN):
        assert failing(found[command]) == {image: "repository name must be lowercase"}


def test_ps_answers_otherwise():
    for bundle in ("parent-cycle", "layers-json-truncated", "combo-power-loss"):
        assert foretell(Edited(bundle))[PODMAN_PS].works


def test_opening_deletes_incomplete_layers():
    item = foretell(Edited("inflight-pull"))[PODMAN_IMAGES]
    assert (item.works, item.deletes.layers) == (True, 1)
    assert foretell(Edited())[PODMAN_IMAGES].deletes is None


# one image at a time


def test_everything_works_on_a_healthy_store():
    found = foretell(Edited())
    assert all(found[command].works and not found[command].images for command in (INSPECT, MOUNT, RUN))


def test_image_data_matters_to_run_and_not_to_mount():
    store = Edited()
    image = store.image_named(API)["id"]
    found = foretell(store.write(item_path(image, "manifest"), bytes(9)))
    assert failing(found[INSPECT]) == failing(found[RUN]) == {image: ZEROES}
    assert found[MOUNT].works


@pytest.mark.parametrize(("engines", "call"), [(OLD, "stat"), (NEW, "faccessat")])
def test_a_top_layer_without_directory(engines, call):
    store = Edited()
    image, layer = store.image_named(API)["id"], top_layer(store, API)
    for path in [path for path in store.entries if path.startswith(f"storage/overlay/{layer}")]:
        del store.entries[path]
    found = foretell(store, engines=engines)
    said = f"{call} …/overlay/{layer}: no such file or directory"
    assert failing(found[INSPECT]) == failing(found[MOUNT]) == failing(found[RUN]) == {image: said}


@pytest.mark.parametrize(
    ("engines", "listed"),
    [(OLD, "1 error occurred: * correcting link"), (NEW, "correcting link")],
)
def test_a_lower_layer_without_directory_stops_the_making_of_links(engines, listed):
    store = Edited("layer-dir-removed")
    found = foretell(store, engines=engines)
    lost = "58cfb8b27d0bd577d1f2b7bd74ba69ca7aaf749bbc716a9059462efabfbea2ee"
    absent = f"open …/overlay/{lost}/link: no such file or directory"
    said = f"recreating the missing symlinks: {listed} for layer {lost}: {absent}"
    api = store.image_named(API)["id"]
    assert failing(found[MOUNT])[api] == said
    assert failing(found[RUN])[api] == f"mounting storage for container …: {said}"


def test_missing_links_are_made_again():
    store = Edited("l-symlink-missing")
    found = foretell(store)
    assert all(found[command].works for command in (INSPECT, MOUNT, RUN))
    assert len(store.layers()) > 9


def test_an_empty_link_breaks_running_since_4_7():
    store = Edited("link-file-empty")
    image = store.image_named(API)["id"]
    assert foretell(store, engines=OLD)[RUN].works
    found = foretell(store, engines=NEW)
    assert failing(found[RUN]) == {image: "mounting storage for container …: readlink …/overlay/l: invalid argument"}
    assert found[MOUNT].works


def test_layers_without_files():
    store = Edited()
    image, layer = store.image_named(API)["id"], top_layer(store, API)
    for path in [path for path in store.entries if path.startswith(f"storage/overlay/{layer}/diff")]:
        del store.entries[path]
    old, new = foretell(store, engines=OLD), foretell(store, engines=NEW)
    assert old[MOUNT].works
    absent = f"…/overlay/{layer}/diff: no such file or directory"
    assert failing(new[MOUNT]) == {image: f"readlink {absent}"}
    made = f'creating container storage: creating read-write layer with ID "…": Stat {absent}'
    assert failing(old[RUN]) == failing(new[RUN]) == {image: made}


def test_a_list_stands_for_its_member():
    store = Edited("podman-list")
    found = foretell(store, platform="linux/amd64")
    (said,) = failing(found[RUN]).values()
    assert said.startswith("no image found in image index for architecture amd64, variant")
    assert said.endswith(": image not known")


def test_what_decides_is_named():
    store = Edited()
    image = store.image_named(WEB)["id"]
    item = foretell(store.write(item_path(image, "manifest"), b"{"))[RUN]
    assert {finding.subject.id for finding in item.because} == {image}
    assert item.verdict == "fails for 1 image"


def test_without_directories_running_is_not_foretold():
    store = Edited()
    for path in [path for path in store.entries if path.startswith("storage/overlay/")]:
        del store.entries[path]
    found = foretell(store)
    assert MOUNT not in found
    assert RUN not in found
