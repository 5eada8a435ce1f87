"""TSP-001: a layer without its tar-split."""

from __future__ import annotations

from tests.contents import BASE, SPLIT, told
from tests.editing import Edited

RULE = "TSP-001"


def sample() -> tuple[Edited, str]:
    return Edited().remove(SPLIT), BASE


def test_one_missing_tar_split_is_named():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.subject.path, finding.severity) == (layer, SPLIT, "error")
    assert set(told(store)) == {RULE}


def test_a_capture_without_tar_splits_is_not_damage():
    store = Edited()
    for path in [path for path in store.entries if path.endswith(".tar-split.gz")]:
        store.remove(path)
    assert told(store) == {}


def test_layers_of_partial_pulls_and_containers_have_none_by_right():
    assert Edited("healthy-zstd-chunked").findings(RULE) == []
    assert Edited("inflight-pull").findings(RULE) == []


def test_a_split_image_store_has_them_in_the_graph_root():
    assert Edited("image-store").findings(RULE) == []


def test_a_partial_pull_that_lost_its_tar_split_is_not_told():
    store = Edited("newest-chunked")
    for path in [
        path
        for path in store.entries
        if path.endswith("18e7ecad10b4376283789a1dd157ab75ef1b4e2c26f4cbf8ab84ca422d5b2e4e.tar-split.gz")
    ]:
        store.remove(path)
    assert told(store) == {}
