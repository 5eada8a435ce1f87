"""Layers made again from a plain tar have the digest that their record states, whichever way their lines are read."""

from __future__ import annotations

import pytest

from analyzer.snapshot import rebuild, split_columns, tar_split
from analyzer.snapshot.snapshot import read_snapshot
from analyzer.source.open import open_bundle
from tests.archives import tar_of
from tests.contents import HEALTHY


@pytest.fixture(params=["line by line", "many at a time"])
def way(request, monkeypatch):
    if request.param == "many at a time":
        monkeypatch.setattr(tar_split, "LONG", 0)
        monkeypatch.setattr(tar_split, "FEWEST", 1)
        monkeypatch.setattr(split_columns, "FEWEST", 1)
    return request.param


@pytest.mark.parametrize("room", [rebuild.PUT, 600])
@pytest.mark.parametrize("name", HEALTHY)
def test_digests_of_a_plain_tar(tmp_path, monkeypatch, way, name, room):
    monkeypatch.setattr(rebuild, "PUT", room)
    many = []
    read_many = rebuild.Job._read_many
    monkeypatch.setattr(rebuild.Job, "_read_many", lambda *args: many.append(args) or read_many(*args))
    bundle = tmp_path / "bundle.tar"
    bundle.write_bytes(tar_of(name))
    snapshot = read_snapshot(open_bundle(str(bundle)), depth="deep")
    records = {layer.id: layer for store in snapshot.stores for layer in store.layers}
    assert all(not made.reason for made in snapshot.rebuilt.values())
    for path, made in snapshot.rebuilt.items():
        record = records[path.rpartition("/")[2].partition(".")[0]]
        assert made.digest == record.diff_digest
        assert record.diff_size in (made.size, None)
    assert bool(many) == (way == "many at a time" and bool(snapshot.rebuilt))
