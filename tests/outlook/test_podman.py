"""What podman answers; expectations from runs of podman 4.3.1 and the reference's table of both engines."""

from __future__ import annotations

import pytest

from tests.editing import Edited
from tests.imaging import API, item_path
from tests.outlook.foretelling import PODMAN_IMAGES, PODMAN_PS, foretell


def test_a_local_list_is_harmless():
    assert foretell(Edited("local-list-no-instance-arm64"))[PODMAN_IMAGES].works


def test_a_broken_image_fails_the_listing_and_is_named():
    store = Edited()
    image = store.image_named(API)["id"]
    item = foretell(store.write(item_path(image, "manifest"), bytes(1378)))[PODMAN_IMAGES]
    assert item.message == (
        f'retrieving label for image "{image}": you may need to remove the image to resolve the error: '
        r"invalid character '\x00' looking for beginning of value"
    )
    assert [finding.rule for finding in item.because] == ["IMG-005"]


def test_newer_versions_leave_out_an_image_whose_layer_is_gone():
    store = Edited("parent-record-missing")
    assert foretell(store, engines=("podman@5.8",))[PODMAN_IMAGES].works
    assert PODMAN_IMAGES not in foretell(store, engines=("podman@4.9",))


@pytest.mark.parametrize("path", ["overlay-images/images.json", "overlay-containers/containers.json"])
def test_records_that_keep_the_store_shut_fail_every_command(path):
    found = foretell(Edited().write(f"storage/{path}", b"\0\0"))
    for command in (PODMAN_IMAGES, PODMAN_PS):
        assert not found[command].works
        assert path in found[command].message


def test_ps_answers_otherwise():
    for bundle in ("parent-cycle", "layers-json-truncated", "combo-power-loss"):
        assert foretell(Edited(bundle))[PODMAN_PS].works


def test_opening_deletes_incomplete_layers():
    item = foretell(Edited("inflight-pull"))[PODMAN_IMAGES]
    assert (item.works, item.deletes.layers) == (True, 1)
    assert foretell(Edited())[PODMAN_IMAGES].deletes is None
