"""TSP-011: digests of a table of contents."""

from __future__ import annotations

import random

import pytest

from tests.contents import layer_of, told
from tests.editing import Edited

RULE = "TSP-011"
BUNDLE = "healthy-zstd-chunked"


def passwd(store: Edited) -> str:
    layer = next(layer["id"] for layer in store.layers() if layer["id"].startswith("e76853f8"))
    return f"storage/overlay/{layer}/diff/etc/passwd"


def changed() -> tuple[Edited, str]:
    store = Edited(BUNDLE)
    path = passwd(store)
    return store.write(path, store.data(path)[:-2] + b"X\n"), path


def sample() -> tuple[Edited, str]:
    store, path = changed()
    return store, layer_of(path)


def test_other_content_of_the_same_size():
    store, path = changed()
    findings = told(store)
    assert set(findings) == {RULE}
    assert findings[RULE][0].subject.path == path
    assert findings[RULE][0].evidence[0].expected.startswith("sha256:bb9fbd534e869f8a")


@pytest.mark.parametrize("order", range(4))
def test_the_order_of_the_archive_does_not_matter(order):
    store, path = changed()
    members = list(store.entries.items())
    random.Random(order).shuffle(members)
    store.entries = dict(members)
    assert told(store)[RULE][0].subject.path == path


def test_a_pipe_is_hashed_as_it_passes():
    store, path = changed()
    store.again = None
    assert told(store)[RULE][0].subject.path == path


def test_a_truncated_and_a_removed_file_are_told_by_the_same_rules_as_elsewhere():
    store = Edited(BUNDLE)
    path = passwd(store)
    assert set(told(store.write(path, b"short"))) == {"TSP-006"}
    assert set(told(store.remove(path))) == {"TSP-006"}


def test_both_generations_are_healthy():
    assert told(Edited(BUNDLE)) == {}
    assert told(Edited("newest-chunked")) == {}


def test_a_layer_with_a_tar_split_beside_the_table_is_checked_by_that():
    store = Edited("newest-chunked")
    path = next(path for path in store.entries if path.endswith("/diff/w/f4"))
    data = store.data(path)
    assert set(told(store.write(path, data[:-1] + b"\0"))) == {"TSP-007"}


def test_a_composefs_layer_is_checked_by_digest():
    store = Edited(BUNDLE)
    path = passwd(store)
    layer = layer_of(path)
    toc_path = f"storage/overlay-layers/{layer}/=enN0ZC1jaHVua2VkLW1hbmlmZXN0"
    entries = [e for e in store.records(toc_path)["entries"] if e["type"] == "reg" and e.get("size")]
    files = {e["digest"][7:]: store.data(f"storage/overlay/{layer}/diff/{e['name']}") for e in entries}
    store.write(f"storage/overlay-layers/{layer}/=enN0ZC1jaHVua2VkLWxheWVyLWRhdGE=", b'{"format":1}')
    for below in store.below(f"storage/overlay/{layer}/diff")[1:]:
        store.entries.pop(below, None)
    for digest, data in files.items():
        store.directory(f"storage/overlay/{layer}/diff/{digest[:2]}", 0o755)
        store.write(f"storage/overlay/{layer}/diff/{digest[:2]}/{digest[2:]}", data)
    assert told(store) == {}
    digest = min(files)
    victim = f"storage/overlay/{layer}/diff/{digest[:2]}/{digest[2:]}"
    store.write(victim, bytes([files[digest][0] ^ 1]) + files[digest][1:])
    assert told(store)[RULE][0].subject.path == victim
