"""Layers that were not compared or not made again are in the coverage, with the reason; none is left out silently."""

from __future__ import annotations

import json

import pytest

from analyzer.api import judge
from analyzer.limits import Limits
from analyzer.report.formats.json import render
from analyzer.snapshot.snapshot import read_snapshot
from analyzer.source.open import open_bundle
from tests.archives import content_place, place, spans, tar_of
from tests.contents import BASE, HEALTHY, PASSWD, SPLIT
from tests.editing import Edited
from tests.tarsplit import lines

NOT_COMPARED, NOT_REBUILT = "TSP-007", "TSP-008"


def reasons(store: Edited, rule: str, depth: str = "deep") -> str:
    return "; ".join(reason for known, reason in store.check(depth=depth).skipped if known == rule)


@pytest.mark.parametrize("name", ["healthy-overlay", "implied-parents"])
def test_where_all_layers_were_seen_nothing_is_said(name):
    assert reasons(Edited(name), NOT_COMPARED) == reasons(Edited(name), NOT_REBUILT) == ""


@pytest.mark.parametrize("name", HEALTHY)
def test_every_described_layer_is_rebuilt_or_named(name):
    store = Edited(name)
    layers = {
        path.rpartition("/")[2].partition(".")[0]
        for path in store.entries
        if path.endswith(".tar-split.gz") and any(entry["type"] == 1 for entry in lines(store.data(path)))
    }
    rebuilt = store.snapshot("deep").rebuilt or {}
    made = {path.rpartition("/")[2].partition(".")[0] for path, each in rebuilt.items() if each.digest}
    said = reasons(store, NOT_REBUILT)
    assert all(layer in made or layer[:12] in said or "more" in said or "no diff content" in said for layer in layers)


def test_a_directory_that_is_not_in_the_bundle():
    store = Edited().remove(f"storage/overlay/{BASE}")
    for rule in (NOT_COMPARED, NOT_REBUILT):
        assert f"1 layer not {'compared' if rule == NOT_COMPARED else 'made again'}" in reasons(store, rule)
        assert f"the layer's directory is not in the bundle ({BASE[:12]})" in reasons(store, rule)


def test_a_damaged_tar_split():
    store = Edited().write(SPLIT, b"rubbish")
    assert f"its tar-split is damaged ({BASE[:12]})" in reasons(store, NOT_COMPARED)
    assert f"its tar-split is damaged ({BASE[:12]})" in reasons(store, NOT_REBUILT)


def test_a_layer_that_nothing_describes():
    store = Edited().remove(SPLIT)
    assert f"neither a tar-split nor a table of contents describes it ({BASE[:12]})" in reasons(store, NOT_COMPARED)


def test_a_file_that_is_gone():
    store = Edited().remove(PASSWD)
    assert f"etc/passwd is not among its files ({BASE[:12]})" in reasons(store, NOT_REBUILT)


def test_files_out_of_order_beyond_the_limit_of_memory():
    store = Edited()
    store.entries = dict(reversed(store.entries.items()))
    store.format = "tar+zstd"
    snapshot = read_snapshot(store, depth="deep", limits=Limits(rebuild=10))
    assert any("do not fit: limit rebuild=10 reached" in made.reason for made in snapshot.rebuilt.values())
    document = json.loads(render(judge(snapshot)))
    said = [skip["because"] for skip in document["coverage"]["checks"]["skipped"] if skip["rule"] == NOT_REBUILT]
    assert len(said) == 1
    assert "do not fit: limit rebuild=10 reached" in said[0]


def test_partial_pulls_have_nothing_to_be_made_of():
    assert "no tar-split, only a table of contents" in reasons(Edited("healthy-zstd-chunked"), NOT_REBUILT)


def test_a_file_that_the_archive_is_cut_in_is_no_change(tmp_path):
    """A plain tar is read by offsets: what is cut there has another digest, which proves nothing."""
    name, whole = "healthy-overlay", tar_of("healthy-overlay")
    others = b"".join(whole[first:stop] for path, first, stop in spans(name) if path != PASSWD)
    first, _ = place(name, PASSWD)
    start, end = content_place(name, PASSWD)
    bundle = tmp_path / "cut.tar"
    bundle.write_bytes(others + whole[first : (start + end) // 2])
    document = json.loads(render(judge(read_snapshot(open_bundle(bundle), depth="deep"))))
    assert [finding for finding in document["findings"] if finding["rule"] == NOT_REBUILT] == []
    [said] = [skip["because"] for skip in document["coverage"]["checks"]["skipped"] if skip["rule"] == NOT_REBUILT]
    assert "the archive is cut inside etc/passwd" in said
