"""HST-001: owners outside the range that /etc/subuid gives."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "HST-001"
BUNDLE = "healthy-overlay"


def rootless(subuid: str, *, uid: int = 100031) -> Edited:
    """Return a store of user 1000 (zoo) in which one file belongs to `uid`."""
    store = Edited(BUNDLE)
    for path in ["storage/overlay", *store.below("storage")]:
        store.change(path, uid=1000, gid=1000)
    layer = store.layers()[0]["id"]
    file = next(path for path in store.below(f"storage/overlay/{layer}/diff") if store.data(path))
    store.change(file, uid=uid)
    store.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nzoo:x:1000:1000::/home/zoo:/bin/sh\n")
    return store.write("etc/subuid", subuid)


def sample() -> tuple[Edited, str]:
    """Return a store whose range starts at 165536 now and began at 100000: 100000 + 32 - 1 is container id 32."""
    return rootless("older:100000:65536\nzoo:165536:65536\n"), "etc/subuid"


def test_the_layer_and_the_id_are_named():
    [finding] = sample()[0].findings(RULE)
    assert (finding.facts["number"], finding.facts["count"], finding.facts["ranges"]) == (100031, 1, "165536 to 231071")


@pytest.mark.parametrize("subuid", ["zoo:100000:65536\n", "zoo:1:9\nzoo:100000:65536\n", "1000:100000:65536\n"])
def test_a_range_that_holds_the_id(subuid):
    assert rootless(subuid).findings(RULE) == []


@pytest.mark.parametrize("uid", [0, 1000, 65534])
def test_root_the_user_and_nobody_say_nothing(uid):
    assert rootless("zoo:165536:65536\n", uid=uid).findings(RULE) == []


def test_no_range_of_this_user_says_nothing():
    assert rootless("ann:165536:65536\n").findings(RULE) == []


def test_a_store_of_root_has_no_range():
    store = Edited(BUNDLE).write("etc/subuid", "root:165536:65536\n")
    assert store.findings(RULE) == []
