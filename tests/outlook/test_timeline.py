"""The order of events, and the first bad one, on stores whose damage has a known time."""

from __future__ import annotations

import datetime as dt
import functools
import json
import pathlib
import struct
import tarfile

import pytest
import zstandard

from analyzer.api import judge, read
from analyzer.outlook.timeline import timeline
from tests.editing import BUNDLES, Edited
from tests.effort import no_hang

SAMPLES = pathlib.Path(__file__).parents[2] / "samples"
CASES = {case["name"]: case for case in json.loads((BUNDLES / "truth.json").read_text())["bundles"]}
HEALTHY = [path for path in sorted(BUNDLES.glob("*.tar.zst")) if path.name.startswith("healthy")]
MADE_ON_ONE_STORE = [
    "base-file-edited",
    "combo-power-loss",
    "image-manifest-missing",
    "layer-dir-removed",
    "layers-json-truncated",
    "link-file-empty",
    "lower-wrong-chain",
    "orphan-layer-dir",
    "parent-record-missing",
    "tar-split-corrupt",
]
# One bit on the disk changed, without a write: the file states when it was written, which is all that is known.
CHANGED_WITHOUT_A_WRITE = {"tar-split-corrupt"}
WITHOUT_A_TIME = {"image-manifest-missing", "orphan-layer-dir"}


@functools.cache
def line_of(path):
    report = judge(read(path))
    return timeline(report.snapshot, report.findings)


def edited(store):
    report = judge(store.snapshot())
    return timeline(report.snapshot, report.findings)


@pytest.mark.parametrize("path", sorted(BUNDLES.glob("*.tar.zst")), ids=lambda path: path.name)
def test_events_are_in_order_and_come_from_the_bundle(path):
    line = line_of(path)
    assert [event.ns for event in line.events] == sorted(event.ns for event in line.events)
    assert all(event.path for event in line.events)
    bad = [number for number, event in enumerate(line.events) if event.bad]
    assert line.first_bad == (bad[0] if bad else -1)


def test_the_capture_was_not_before_a_change_that_damage_shows_in():
    bundle = BUNDLES / "base-file-edited.tar.zst"
    report = judge(read(bundle))
    [changed] = {finding.subject.path for finding in report.findings if finding.rule.startswith("TSP-")}
    with zstandard.open(bundle) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
        written = next(int(member.mtime) for member in tar if member.name == changed)
    assert timeline(report.snapshot, report.findings).newest_ns // 10**9 == written > report.snapshot.newest_ns // 10**9


@pytest.mark.parametrize("path", HEALTHY, ids=lambda path: path.name)
def test_a_healthy_store_has_no_bad_event(path):
    line = line_of(path)
    assert line.first_bad == -1
    assert line.events


@pytest.mark.parametrize("name", MADE_ON_ONE_STORE)
def test_damage_begins_after_the_last_event_of_the_store_before_it(name):
    line = line_of(BUNDLES / f"{name}.tar.zst")
    if name in WITHOUT_A_TIME:
        assert line.first_bad == -1
        return
    before = max(event.ns for event in line_of(BUNDLES / "healthy-overlay.tar.zst").events)
    first = line.events[line.first_bad]
    assert first.findings
    if name in CHANGED_WITHOUT_A_WRITE:
        assert first.event == "written with its layer; damaged then or later"
        assert first.ns < dt.datetime.fromisoformat(CASES[name]["faults"][0]["since"]).timestamp() * 10**9
    else:
        assert first.ns > before
        assert "or later" not in first.event


@pytest.mark.parametrize(("name", "path"), [("modified-base", "/diff/etc/passwd"), ("cut-layers-json", "/layers.json")])
def test_the_first_bad_event_is_the_damaged_file(name, path):
    line = line_of(SAMPLES / f"{name}.tar.zst")
    assert line.events[line.first_bad].path.endswith(path)


def test_every_record_and_index_has_its_event():
    store = Edited("healthy-overlay")
    line = line_of(BUNDLES / "healthy-overlay.tar.zst")
    made = {(event.kind, event.id) for event in line.events}
    assert {("layer", layer["id"]) for layer in store.layers()} <= made
    assert {("container", each["id"]) for each in store.containers()} <= made
    assert {("image", image["id"]) for image in store.images()} <= made
    written = {event.path: event.ns for event in line.events if event.event == "index written"}
    for path, ns in written.items():
        assert ns == store.entries[path][0].mtime_ns
    assert "storage/overlay-layers/layers.json" in written


LOG = """\
Nov 24 18:00:00 node1 systemd[1]: Started Container Runtime Interface for OCI (CRI-O).
Nov 24 18:30:00 node1 kernel: nothing of note
-- Reboot --
Nov 24 18:35:00 node1 kernel: Linux version 6.1.0
Nov 24 18:35:02 node1 kernel: XFS (vda4): Starting recovery (logdev: internal)
Nov 24 18:36:00 node1 crio[77]: time="2026-11-24T18:36:00Z" level=error msg="layer not known"
Nov 24 18:36:01 node1 crio[77]: readlink /var/lib/containers/storage/overlay/l/QRPHWAOMUOP7RQXQKPUY4Y7I3Z: no such file or directory
"""  # noqa: E501


def test_logs_give_boots_starts_and_known_messages():
    store = Edited("healthy-overlay")
    store.write("var/log/messages", LOG)
    line = edited(store)
    events = [event for event in line.events if event.kind == "log"]
    assert [(event.line, event.event if not event.behaviour else event.behaviour) for event in events] == [
        (1, "CRI-O started"),
        (3, "reboot"),
        (4, "boot"),
        (5, "unclean-shutdown"),
        (6, "layer-not-known"),
        (7, "short-link-missing"),
    ]
    assert [event.bad for event in events] == [False, False, False, True, False, True]
    assert line.events[line.first_bad].behaviour == "unclean-shutdown"
    assert events[1].ns == events[0].ns + 1800 * 10**9


def test_a_hostile_log_is_read_in_bounded_time():
    store = Edited("image-store")
    store.write("var/log/messages", LOG * 6000 + "Nov 24 18:00:00 " * 100_000)
    with no_hang():
        line = edited(store)
    assert sum(event.kind == "log" for event in line.events) <= 2000


def seconds(year):
    return int(dt.datetime(year, 1, 1, tzinfo=dt.UTC).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("ns", "undated"),
    [(seconds(2000) - 1, 1), (seconds(2000), 0), (seconds(2100), 0), (seconds(2100) + 1, 1)],
)
def test_events_are_dated_from_2000_to_2100(ns, undated):
    store = Edited("healthy-overlay")
    store.change("storage/overlay-images/images.json", mtime_ns=ns)
    assert edited(store).undated == undated


def test_a_lock_says_when_it_was_taken_for_writing_and_by_which_process():
    """containers/storage pkg/lockfile: Unix nanoseconds, a counter, the process, then 44 bytes that are random."""
    store = Edited("healthy-overlay")
    store.write("storage/overlay-layers/layers.lock", struct.pack("<QQI", seconds(2026), 1, 4242).ljust(64, b"r"))
    [event] = [each for each in edited(store).events if each.path == "storage/overlay-layers/layers.lock"]
    assert (event.ns, event.kind, event.name) == (seconds(2026), "lock", "process 4242")


def test_times_out_of_range_are_counted():
    store = Edited("healthy-overlay")
    store.change("storage/overlay-images/images.json", mtime_ns=0)
    line = edited(store)
    assert line.undated == 1
    assert not any(event.path.endswith("images.json") and event.event == "index written" for event in line.events)
