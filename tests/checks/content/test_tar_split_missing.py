"""TSP-001: a layer without its tar-split."""

from __future__ import annotations

import gzip

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


def test_an_unpacked_one_is_found_under_its_name():
    store = Edited()
    member, data = store.entries.pop(SPLIT)
    member.path = SPLIT.removesuffix(".gz")
    store.entries[member.path] = (member, gzip.decompress(data))
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.evidence[0].observed) == (BASE, f"missing; it lies in {member.path}")


def test_all_of_them_unpacked_are_told_each():
    store = Edited()
    splits = [path for path in store.entries if path.endswith(".tar-split.gz")]
    for path in splits:
        member, data = store.entries.pop(path)
        member.path = path.removesuffix(".gz")
        store.entries[member.path] = (member, gzip.decompress(data))
    assert len(store.findings(RULE)) == len(splits)


def test_one_that_was_moved_into_a_folder_is_named_where_it_lies():
    store = Edited()
    layer = next(row["id"] for row in store.layers() if row.get("diff-digest"))
    path = f"storage/overlay-layers/{layer}.tar-split.gz"
    data = store.data(path)
    moved = f"storage/overlay-layers/old/{layer}.tar-split.gz"
    [finding] = store.leave_out(path).directory("storage/overlay-layers/old").write(moved, data).findings(RULE)
    assert (finding.subject.id, moved in finding.evidence[0].observed) == (layer, True)
