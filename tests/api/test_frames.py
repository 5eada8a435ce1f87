"""Frames hold what the bundle holds: dtypes, values, hostile text, and nothing lost on the way."""

from __future__ import annotations

import pickle
import tarfile

import pandas as pd
import pytest
import zstandard

import analyzer
from analyzer.api.frame import Column, Frame
from analyzer.errors import UnreadableError
from analyzer.report.formats import frames as judged
from analyzer.snapshot import frames as recorded
from tests.api.test_documented import FRAMES
from tests.archives import BUNDLES, SMALL
from tests.editing import Edited
from tests.truth import cases

CASES = {f"{group}/{case['name']}": path for group, case, path in cases()}
OWN = [name for name in FRAMES if name not in ("bundles", "differences")]
HOSTILE = "quay.example.test/\x1b[31mred\u202e/<b>:1"
UNDECODABLE = "odd-\udcff"


@pytest.fixture(scope="module")
def healthy():
    return analyzer.open(BUNDLES / "healthy-overlay.tar.zst")


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("bundle", CASES)
def test_dtypes_of_every_frame(bundle, name, opened):
    frame = getattr(opened(CASES[bundle]), name)
    assert {column: str(dtype) for column, dtype in frame.dtypes.items()} == FRAMES[name]
    assert list(frame.columns) == list(FRAMES[name])


@pytest.fixture(scope="module")
def opened():
    kept = {}

    def get(path):
        if path not in kept:
            kept[path] = analyzer.open(path)
        return kept[path]

    return get


@pytest.mark.parametrize(
    ("columns", "name"), [(columns, name) for name, columns in FRAMES.items()], ids=lambda each: str(each)[:12]
)
def test_empty_frames_keep_their_dtypes(columns, name):
    assert {c: str(d) for c, d in recorded.frame((), columns).dtypes.items()} == columns


def members_of(path):
    """Return (name, kind, size) of the members of a bundle, by Python's own tar module."""
    with zstandard.open(path) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
        return [(m.name.removeprefix("./"), m.isreg(), m.size if m.isreg() else 0, m.mode, m.mtime) for m in tar]


def test_files_are_those_of_the_archive(healthy):
    below = [m for m in members_of(BUNDLES / "healthy-overlay.tar.zst") if "/diff/" in m[0] and "/overlay/" in m[0]]
    assert len(below) > 50
    files = healthy.files.set_index("path")
    for name, regular, size, mode, mtime in below:
        row = files.loc[name]
        assert (row["kind"] == "file") == regular or row["kind"] == "hardlink"
        assert (row["size"], row["mode"]) == (size, mode & 0o7777)
        assert abs(row["mtime"].timestamp() - float(mtime)) < 1e-3
    assert len(files) == len(below)


def test_a_container_is_as_large_as_the_files_of_its_own_layer(healthy):
    members = members_of(BUNDLES / "healthy-overlay.tar.zst")
    assert healthy.containers["size"].sum() > 0
    for row in healthy.containers.itertuples():
        own = f"storage/overlay/{row.layer}/diff/"
        assert row.size == sum(size for name, _, size, _, _ in members if name.startswith(own))
    assert analyzer.open(BUNDLES / "healthy-metadata-only.tar.zst").containers["size"].isna().all()


def test_a_change_has_its_size_as_recorded_and_as_found(healthy):
    changed = analyzer.open(BUNDLES / "combo-power-loss.tar.zst").changes.query("what == 'emptied'")
    whole = {(row.name, row.size) for row in healthy.files.itertuples()}
    assert len(changed)
    assert set(changed["size"]) == {0}
    assert set(zip(changed["name"], changed["recorded_size"], strict=True)) <= whole


def test_read_gives_the_bytes_that_the_frame_describes(healthy):
    files = healthy.files.query("kind == 'file' and size > 0").head(5)
    for row in files.itertuples():
        assert len(healthy.read(row.path)) == row.size
    with pytest.raises(UnreadableError, match="no such member"):
        healthy.read("storage/overlay/none/diff/etc/passwd")


def test_records_join(healthy):
    tops = healthy.images.merge(healthy.layers, left_on="layer", right_on="id")
    assert len(tops) == len(healthy.images)
    of_containers = healthy.containers.merge(healthy.images, left_on="image", right_on="id")
    assert len(of_containers) == len(healthy.containers)
    parents = set(healthy.layers.parent) - {""}
    assert parents <= set(healthy.layers.id)
    assert set(healthy.files.layer) <= set(healthy.layers.id)
    assert set(healthy.links.layer) == set(healthy.links.named_by)


def test_a_dangling_link_leads_nowhere():
    s = analyzer.open(BUNDLES / "layer-dir-removed.tar.zst")
    gone = s.links[~s.links.leads]
    assert gone.layer.tolist() == s.causes.subject.tolist()[:1]


def test_ids_that_look_like_numbers_and_words_like_na_stay_text():
    store = Edited()
    images = store.images()
    images[0]["names"] = ["NA", "1e5"]
    store.write_images(images)
    s = analyzer.Snapshot(store.snapshot())
    row = s.images.iloc[0]
    assert (row["name"], row["names"]) == ("NA", ("NA", "1e5"))
    assert s.images.name.notna().all()


def test_undecodable_bytes_are_the_escapes_of_the_json_report():
    store = Edited()
    images = store.images()
    images[0]["names"] = [f"{UNDECODABLE}:1"]
    store.write_images(images)
    layer = store.layers()[0]["id"]
    store.write(f"storage/overlay/{layer}/diff/{UNDECODABLE}", b"x")
    s = analyzer.Snapshot(store.snapshot())
    assert f"storage/overlay/{layer}/diff/odd-\\xff" in s.files.path.tolist()
    for name in OWN:
        getattr(s, name).to_json(date_format="iso").encode()
    assert [f["message"] for f in s.document["findings"]] == s.findings.message.tolist()


def test_hostile_text_is_data_but_is_not_shown_as_it_is():
    store = Edited()
    images = store.images()
    images[0]["names"] = [HOSTILE]
    store.write_images(images)
    s = analyzer.Snapshot(store.snapshot())
    assert HOSTILE in s.images.name.tolist()
    s.images.insert(0, "x", 1)
    selected = s.images[s.images.name == HOSTILE]
    for shown in (s.images, selected, selected.name, s.images.merge(s.containers, left_on="id", right_on="image")):
        assert isinstance(shown, Frame | Column)
        for text in (repr(shown), shown._repr_html_() if isinstance(shown, Frame) else ""):
            assert "\x1b" not in text
            assert "\u202e" not in text
    assert "<b>" not in selected._repr_html_()
    for value in (s.image(HOSTILE), s.graph, s.simulate([HOSTILE]), s.report(), s.plan()):
        for text in (repr(value), value._repr_html_() or ""):
            assert "\x1b" not in text
            assert "<script" not in text
            assert "\u202e" not in text


def test_snapshots_pickle_with_their_results(healthy):
    again = pickle.loads(pickle.dumps(healthy))
    assert again.document == healthy.document
    for name in OWN:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(healthy, name))
    assert set(again.graph.edges) == set(healthy.graph.edges)
    image = pickle.loads(pickle.dumps(healthy.image(healthy.images.name[0])))
    assert repr(image) == repr(healthy.image(healthy.images.name[0]))


def test_a_frame_that_was_changed_changes_no_other_snapshot():
    first, second = analyzer.open(BUNDLES / f"{SMALL}.tar.zst"), analyzer.open(BUNDLES / f"{SMALL}.tar.zst")
    del first.images["name"]
    assert "name" in second.images
    assert "name" in first.with_checks().images


def test_events_hold_the_recorded_times(healthy):
    made = healthy.events.query("kind == 'layer'").set_index("id").time
    for layer in healthy.layers.itertuples():
        assert made[layer.id] == layer.created
    assert healthy.events.time.is_monotonic_increasing
    assert healthy.events.time.notna().all()


def test_events_mark_where_damage_shows():
    s = analyzer.open(BUNDLES / "base-file-edited.tar.zst")
    [bad] = s.events[s.events.bad].itertuples()
    [change] = s.changes.itertuples()
    assert (bad.path, bad.time) == (change.path, change.mtime)
    assert s.findings.set_index("id").loc[list(bad.findings)].subject.tolist() == [change.layer]


def test_changes_name_the_edited_file():
    truth = next(case for _, case, path in cases() if case["name"] == "base-file-edited")
    s = analyzer.open(BUNDLES / "base-file-edited.tar.zst")
    edited = next(subject for fault in truth["faults"] for subject in fault["subjects"] if "/diff/" in subject)
    assert [path.endswith(edited.removeprefix("storage/")) for path in s.changes.path] == [True]
    assert analyzer.open(BUNDLES / "healthy-overlay.tar.zst").changes.empty


def test_the_frames_of_a_report_are_those_of_its_snapshot():
    s = analyzer.open(BUNDLES / "combo-power-loss.tar.zst")
    assert len(s.findings) > 1
    pd.testing.assert_frame_equal(judged.findings_of(s.document), pd.DataFrame(s.findings))
    pd.testing.assert_frame_equal(judged.causes_of(s.document), pd.DataFrame(s.causes))
