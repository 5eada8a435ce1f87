"""`analyzer timeline`: text, data, hostile names."""

from __future__ import annotations

import json
import pathlib

import pytest

from analyzer.words import span
from tests.cli.digging import HEALTHY, HOSTILE, data, run, saved
from tests.editing import BUNDLES, Edited

DAMAGED = str(BUNDLES / "base-file-edited.tar.zst")
LAYER = "4b6f57e2feb194549a63cd6161c71cb6f8fee79e5b0ad0ae976bb0d500fed638"


def test_the_first_bad_event_is_marked():
    said = run("timeline", DAMAGED, "--width", 300)
    (marked,) = [line for line in said.splitlines() if line.startswith(">")]
    assert f"storage/overlay/{LAYER}/diff/etc/passwd" in marked
    assert "F1 TSP-006" in marked
    assert "damage shows in 1 event" in said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7_199, "119 min"),
        (7_200, "2 h"),
        (172_800, "2 d"),
        (63_115_200, "2 y"),
    ],
)
def test_lengths_of_time_in_the_largest_unit_of_which_there_are_two(seconds, said):
    assert span(seconds) == said


def test_when_damage_shows_has_its_age_beside_it(tmp_path):
    store = Edited("base-file-edited")
    changed = next(member for path, (member, _) in store.entries.items() if path.endswith(f"{LAYER}/diff/etc/passwd"))
    later = store.entries["storage/overlay-containers/containers.json"][0]
    later.mtime_ns = changed.mtime_ns + 7_200 * 10**9
    assert "(2 h before the newest change)" in run("timeline", saved(store, tmp_path / "later.tar"), "--width", 300)


def test_as_data():
    said = data("timeline", DAMAGED)
    first = said["events"][said["first_bad"]]
    assert first["path"].endswith("/diff/etc/passwd")
    assert first["findings"] == ["F1"]
    assert [event["ns"] for event in said["events"]] == sorted(event["ns"] for event in said["events"])
    entry = Edited("base-file-edited").entries[first["path"]][0]
    assert first["ns"] == entry.mtime_ns


def test_a_healthy_store_has_none():
    assert "no time of damage is known" in run("timeline", HEALTHY)
    assert data("timeline", HEALTHY)["first_bad"] is None


def test_all_gives_every_event():
    count = len(data("timeline", DAMAGED)["events"])
    assert len(run("timeline", DAMAGED, "--all").splitlines()) == count + 5
    assert len(run("timeline", DAMAGED).splitlines()) < count


def test_a_log_without_a_zone_is_said(tmp_path):
    store = Edited("healthy-overlay")
    store.write("var/log/messages", f"Nov 24 18:35:02 n1 kernel: XFS (vda4): Starting recovery {HOSTILE}\n")
    bundle = saved(store, tmp_path / "b.tar")
    said = run("timeline", bundle)
    assert "18:35:02~" in said
    assert "a ~ marks times" in said
    for form in ("text", "json"):
        text = run("timeline", bundle, "--all", "--format", form)
        assert "\x1b" not in text
        assert "\u202e" not in text


@pytest.mark.parametrize("columns", [40, 120])
def test_lines_keep_to_the_width(columns):
    assert max(map(len, run("timeline", DAMAGED, "--all", "--width", columns).splitlines())) <= columns


def test_nothing_is_written_beside_the_evidence(tmp_path):
    bundle = pathlib.Path(saved(Edited("image-store"), tmp_path / "b.tar"))
    run("timeline", bundle)
    assert [path.name for path in tmp_path.iterdir()] == [bundle.name]
    assert json.loads(run("timeline", bundle, "--format", "json"))["events"]
