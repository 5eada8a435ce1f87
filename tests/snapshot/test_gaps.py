"""Whatever stands in the place of a file or directory and was not read is told, with its place."""

from __future__ import annotations

import pytest

from analyzer.snapshot.gaps import find_gaps
from tests.editing import Edited

LAYER = Edited().chain(Edited().image_named("quay.example.test/shop/api:2.0")["layer"])[0]
LINK = Edited().text(f"storage/overlay/{LAYER}/link")
INSTEAD = [
    # what stands there as another kind of entry, and as what
    ("storage/overlay", "symlink"),
    ("storage/overlay/l", "fifo"),
    ("storage/overlay/l", "hardlink"),
    ("storage/overlay-images", "symlink"),
    ("storage/overlay-layers", "symlink"),
    (f"storage/overlay/{LAYER}", "symlink"),
    (f"storage/overlay/{LAYER}", "fifo"),
    (f"storage/overlay/{LAYER}/diff", "hardlink"),
    (f"storage/overlay/{LAYER}/link", "hardlink"),
    (f"storage/overlay/{LAYER}/lower", "hardlink"),
    (f"storage/overlay/l/{LINK}", "hardlink"),
    ("storage/overlay-layers/layers.json", "fifo"),
    ("storage/overlay-layers/layers.lock", "fifo"),
    (f"storage/overlay-layers/{LAYER}.tar-split.gz", "fifo"),
]


def gaps(store: Edited):
    snapshot = store.snapshot()
    return find_gaps(snapshot.stores, snapshot.host, {})


def test_a_healthy_store_has_none():
    assert gaps(Edited()) == []


@pytest.mark.parametrize(("path", "kind"), INSTEAD)
def test_what_stands_in_its_place_is_told(path, kind):
    store = Edited()
    for below in store.below(path)[1:]:
        del store.entries[below]
    store.change(path, kind=kind, link="elsewhere", size=0, offset=512)
    [gap] = gaps(store)
    assert (gap.path, gap.offset) == (path, 512)
    assert gap.loss.where == path
    if kind == "symlink":
        assert gap.elsewhere
        assert gap.advice.endswith(f" {path.partition('/')[2]}/.")
    else:
        assert not gap.advice
