"""A comparison as text, Markdown, JSON and frames: they tell the same, and hostile text reaches nobody."""

from __future__ import annotations

import json
import pickle
import unicodedata

import pandas as pd
import pytest
from markdown_it import MarkdownIt

import analyzer
from analyzer.api.diff import Diff
from analyzer.api.frame import Frame
from analyzer.compare.model import KINDS, STATES
from analyzer.report.compared import frames, markdown, text
from tests.archives import report_of
from tests.editing import BUNDLES, Edited

HOSTILE = (
    "quay.example.test/\x1b[31mred\u202e/<b>|`x`:1",
    "a\nNEW      forged line",
    "</pre><script>alert(1)</script>",
    "[x](http://example.test) @someone #1",
    "odd-\udcff",
)


def named(value: str) -> Edited:
    store = Edited()
    images, containers, layers = store.images(), store.containers(), store.layers()
    images[0]["names"] = [value]
    containers[0]["names"] = [value]
    layers[0]["metadata"] = value
    store.write_images(images).write_containers(containers).write_layers(layers)
    store.write(f"storage/overlay/{layers[1]['id']}/diff/{value.replace('/', '-')}", b"x")
    return store


@pytest.fixture(scope="module")
def power_loss():
    return Diff(report_of(Edited()), analyzer.analyze(BUNDLES / "combo-power-loss.tar.zst"))


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_is_harmless_in_every_form(value):
    diff = Diff(report_of(Edited()), report_of(named(value)))
    document = diff.to_dict()
    json.dumps(document, ensure_ascii=False).encode()
    shown = {
        "text": text.render(document, everything=True),
        "short": repr(diff),
        "markdown": markdown.render(document),
        "html": diff._repr_html_(),
        "frame": repr(diff.changes) + diff.changes._repr_html_(),
    }
    for form, said in shown.items():
        bad = [c for c in said if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n"]
        assert bad == [], form
        assert not any(line.startswith("NEW      forged") for line in said.splitlines())
    assert "<script" not in shown["html"].lower()
    html = MarkdownIt("gfm-like").render(shown["markdown"])
    assert "<script" not in html
    assert "<a " not in html
    assert "<b>" not in html


def test_each_form_names_what_changed(power_loss):
    document = power_loss.to_dict()
    everything, ticket = text.render(document, everything=True), markdown.render(document)
    for change in power_loss.comparison.different:
        if change.kind in ("layer-data", "image-data", "file"):
            word = change.item.key.rpartition("/")[2]
            assert word in everything
            assert word in ticket.replace("\\", "")
    assert power_loss.comparison.of("cause", "new")[0].item.name in " ".join(everything.split())


def test_the_columns_of_the_text_stay_in_their_width(power_loss):
    for columns in (40, 60, 100):
        wide = [
            line
            for line in text.render(power_loss.to_dict(), columns=columns).splitlines()
            if len(line) > columns and len(line.split()) > 2 and not line.startswith(("    ", "engines", "layer d"))
        ]
        assert [line for line in wide if "  " not in line.strip()] == []


def test_the_ticket_fits_its_field():
    many = Edited()
    images = many.images()
    many.write_images([*images, *({**images[0], "id": f"{n:064x}", "names": [f"x:{n}" * 20]} for n in range(900))])
    diff = Diff(report_of(Edited()), report_of(many))
    assert len(markdown.render(diff.to_dict())) <= 32_000
    assert len(diff.to_dict()["objects"]) == 900


def test_frames_have_their_dtypes_also_when_they_are_empty(power_loss):
    empty = Diff(report_of(Edited()), report_of(Edited()))
    for diff in (power_loss, empty):
        for name in ("changes", "images", "layers", "links", "big_data", "files", "findings", "causes"):
            frame = getattr(diff, name)
            assert isinstance(frame, Frame)
            assert {c: str(d) for c, d in frame.dtypes.items()} == frames.DIFFERENCES
        assert {c: str(d) for c, d in diff.summary.dtypes.items()} == frames.SUMMARY
        assert {c: str(d) for c, d in diff.explained.dtypes.items()} == frames.EXPLAINED
    assert empty.changes.empty
    volatile = Edited().records("storage/overlay-layers/volatile-layers.json")
    assert len(empty.layers) == len(Edited().layers()) + len(volatile)


def test_frames_summary_and_document_tell_the_same(power_loss):
    document = power_loss.to_dict()
    assert (
        power_loss.summary.set_index("kind").rename(columns={"not_seen": "not-seen"}).to_dict("index")
        == (document["summary"])
    )
    assert list(document["summary"]) == [kind for kind in KINDS if kind in document["summary"]]
    rows = power_loss.changes.drop_duplicates(["kind", "key"])
    assert [(r.kind, r.state, r.key) for r in rows.itertuples()] == [
        (c["kind"], c["state"], c["key"]) for c in document["changes"] if c["state"] != "not-seen"
    ]
    counted = {kind: sum(states[s] for s in STATES) for kind, states in document["summary"].items()}
    for kind, count in counted.items():
        held = len(power_loss.of(kind).drop_duplicates(["key", "store"]))
        same = document["summary"]["file"]["same"] if kind == "file" else 0
        assert held + same == count
    [cause] = document["causes"]
    told = power_loss.explained
    assert set(told.cause) == {cause["title"]}
    assert told.key.drop_duplicates().tolist() == [c["key"] for c in cause["changes"]]


def test_of_a_cause_the_document_has_rank_and_family(power_loss):
    [cause] = power_loss.to_dict()["causes"]
    [real] = power_loss.comparison.b.causes
    assert (cause["id"], cause["rank"]) == (real.id, {"a": None, "b": 1})
    assert (cause["images"], cause["containers"]) == (
        len(real.hypothesis.affected.images),
        len(real.hypothesis.affected.containers),
    )


def test_a_diff_pickles(power_loss):
    s = analyzer.open(BUNDLES / "healthy-overlay.tar.zst")
    diff = s.diff(analyzer.open(BUNDLES / "base-file-edited.tar.zst"))
    again = pickle.loads(pickle.dumps(diff))
    assert again.to_dict() == diff.to_dict()
    pd.testing.assert_frame_equal(again.changes, diff.changes)


def test_a_later_capture_given_first_is_remarked():
    old, new = report_of(Edited()), report_of(Edited())
    new.snapshot.newest_ns += 10**12
    assert "may be the earlier" in repr(Diff(new, old))
    assert "may be the earlier" not in repr(Diff(old, new))


def test_values_that_look_alike_when_cut_are_given_in_full():
    store, other = Edited(), Edited()
    for each, last in ((store, "1"), (other, "2")):
        layers = each.layers()
        layers[0]["diff-digest"] = "sha256:" + "a" * 63 + last
        layers[1]["metadata"] = "m" * 500 + last
        each.write_layers(layers)
    said = text.render(Diff(report_of(store), report_of(other)).to_dict(), columns=5000)
    assert f"sha256:{'a' * 63}1 → sha256:{'a' * 63}2" in said
    assert f"{'m' * 500}1 → {'m' * 500}2" in said
