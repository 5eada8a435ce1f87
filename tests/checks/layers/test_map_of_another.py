"""LAY-017: maps in records of layers that were not made with them."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "LAY-017"
API = "quay.example.test/shop/api:2.0"
HIGH = 500_000


def with_map(first: int, owner: int | None = None, inside: int = 0) -> tuple[Edited, str]:
    store = Edited()
    layer = store.image_named(API)["layer"]
    layers = store.layers()
    for record in layers:
        if record["id"] == layer:
            record["uidmap"] = record["gidmap"] = [{"container_id": inside, "host_id": first, "size": 65_536}]
    store.write_layers(layers)
    if owner is not None:
        store.change(f"storage/overlay/{layer}", uid=owner, gid=owner)
    return store, layer


def sample() -> tuple[Edited, str]:
    """Return a store whose api image's layer has a map that nothing was chowned by."""
    return with_map(HIGH)


@pytest.mark.parametrize("inside", [0, 1000])
def test_a_map_that_the_directory_was_not_made_with(inside):
    store, layer = with_map(HIGH, inside=inside)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")


def test_a_directory_of_the_maps_root_is_silent():
    assert with_map(HIGH, HIGH)[0].findings(RULE) == []


def test_an_archive_that_cannot_hold_the_owner_is_silent():
    """Seven octal digits hold 2097151 at most, and bsdtar writes that for more."""
    assert with_map(3_000_000, 2_097_151)[0].findings(RULE) == []


def test_a_copy_that_keeps_no_owners_is_silent():
    store, _ = with_map(HIGH)
    for member, _ in store.entries.values():
        member.uid = member.gid = 0
    assert store.findings(RULE) == []


def test_copies_that_an_image_lists_as_mapped_are_silent():
    assert Edited("userns-mapped").findings(RULE) == []
