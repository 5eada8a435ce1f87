"""CRI-O's image listing."""

from __future__ import annotations

import pytest

from tests.editing import Edited
from tests.imaging import API, WEB, change_image, item_path
from tests.imaging import LIST as LIST_NAME
from tests.outlook.foretelling import LIST, START, foretell

ARM64 = "local-list-no-instance-arm64"


def test_the_seed_case_in_the_words_of_its_version():
    item = foretell(Edited(ARM64), engines=("cri-o@1.25",))[LIST]
    assert item.version == "1.25"
    assert item.message == (
        'choosing image instance: no image found in image index for architecture arm64, variant "v8", OS linux'
    )
    assert {finding.rule for finding in item.because} == {"IMG-008", "IMG-009"}
    assert {finding.subject.names for finding in item.because} == {(LIST_NAME,)}


def test_the_given_platform_decides():
    assert not foretell(Edited("podman-list"), platform="linux/amd64")[LIST].works
    held = foretell(Edited("podman-list"), platform="linux/arm64")[LIST]
    assert held.message.startswith("fetching target platform image selected from image index: ")


def test_an_unknown_platform_gives_all_answers_where_each_fails():
    item = foretell(Edited("podman-list").write_containers([]))[LIST]
    assert "no image found in image index" in item.message
    assert "fetching target platform image" in item.message


def test_the_first_broken_image_in_order_gives_the_message():
    store = Edited()
    order = [image["id"] for image in store.images()]
    first, second = sorted((store.image_named(name)["id"] for name in (API, WEB)), key=order.index)
    store.remove(item_path(second, "manifest")).remove(item_path(first, f"sha256:{first}"))
    assert foretell(store)[LIST].message.startswith(f'locating item named "sha256:{first}"')


@pytest.mark.parametrize(("version", "works"), [("1.28", True), ("1.29", False)])
def test_a_name_without_tag(version, works):
    store = Edited()
    change_image(store, store.image_named(API)["id"], names=["quay.example.test/bare"])
    item = foretell(store, engines=(f"cri-o@{version}",))[LIST]
    assert item.works is works


def test_an_id_that_is_none():
    store = Edited()
    images = store.images()
    images[0]["id"] = "not-an-id"
    assert foretell(store.write_images(images))[LIST].message.startswith('invalid ID value "not-an-id"')


def test_an_image_of_an_additional_store_counts():
    store = Edited("healthy-additional-store")
    image = store.images("ro")[0]["id"]
    store.remove(item_path(image, "manifest", "ro"))
    assert f'for image with ID "{image}"' in foretell(store)[LIST].message


def test_a_bundle_without_image_data_foretells_no_listing():
    store = Edited()
    for path in [path for path in store.entries if path.startswith("storage/overlay-images/")]:
        if path.count("/") > 2 or path.rpartition("/")[2] in {image["id"] for image in store.images()}:
            store.entries.pop(path)
    found = foretell(store)
    assert LIST not in found
    assert START in found


def test_content_that_was_not_kept_foretells_nothing():
    store = Edited()
    store.entries[item_path(store.image_named(API)["id"], "manifest")][0].kind = "hardlink"
    assert LIST not in foretell(store)


def test_damage_of_what_was_listed_before_shows_at_the_restart():
    """Run on CRI-O 1.37: rows from its cache after all image data was deleted, after layers.json was garbled."""
    store = Edited()
    image = store.image_named(API)["id"]
    for item in (
        foretell(store.remove(item_path(image, "manifest")))[LIST],
        foretell(Edited().write("storage/overlay-layers/layers.json", b"[{"))[LIST],
        foretell(Edited("parent-record-missing"))[LIST],
    ):
        assert item.latent
        assert item.verdict == "fails now or after the next restart of cri-o"


def test_a_list_made_on_the_node_fails_at_once():
    for platform in ("linux/amd64", "linux/arm64"):
        item = foretell(Edited("podman-list"), platform=platform)[LIST]
        assert (item.works, item.latent, item.verdict) == (False, False, "fails")


def test_a_store_that_lists_has_nothing_latent():
    assert not foretell(Edited())[LIST].latent
