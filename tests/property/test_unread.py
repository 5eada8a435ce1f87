"""What is there and was not read is never healthy: every kind of evidence swapped for every kind of entry, on a store
that is healthy when clean."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from analyzer.api import judge
from analyzer.limits import DEFAULT, Limits
from analyzer.snapshot.snapshot import read_snapshot
from analyzer.source.member import FIFO, HARDLINK, SYMLINK, Member
from analyzer.source.open import open_bundle
from tests.archives import report_of, tar_of
from tests.editing import Edited
from tests.swapping import EVIDENCE, KINDS, LINKS, places, swapped

STORES = ("healthy-overlay", "healthy-zstd-chunked")
PAIRS = [(next(store for store in STORES if places(Edited(store), name)), name) for name in EVIDENCE]
MEANT = {"a diff directory", "a short link", "the short links"}
"""Evidence whose rules give a symlink in its place a meaning of its own."""


@pytest.mark.parametrize("name", STORES)
def test_the_stores_are_healthy_when_clean(name):
    report = report_of(Edited(name))
    assert (report.verdict, report.exit_code(), report.losses) == ("healthy", 0, [])


@pytest.mark.parametrize(("store", "name"), PAIRS)
def test_a_swapped_piece_of_evidence_is_a_loss_or_a_finding(store, name):
    path = places(Edited(store), name)[-1]
    for kind in KINDS:
        report = report_of(swapped(Edited(store), path, kind))
        assert report.verdict in {"damaged", "undetermined"}, kind
        assert report.exit_code() in {1, 4}, kind
        lost = [loss for loss in report.losses if loss.where == path]
        told = name in MEANT and any(f.doubt and path.startswith(f.subject.path) for f in report.findings)
        if report.verdict == "undetermined" and not told:
            assert not report.complete, kind
            assert lost or (kind == "the other of file and directory" and report.losses), kind
        if kind in LINKS and not (name in MEANT and "symlink" in kind):
            assert report.verdict == "undetermined", kind
            assert lost, kind
            assert [f.message for f in report.findings if f.severity in {"error", "critical"}] == [], kind
            assert [each.verdict for each in report.outlook if not each.works] == [], kind


OVER = {
    "layers.json": "index_file",
    "images.json": "index_file",
    "containers.json": "index_file",
    "a manifest": "small_file",
    "a config": "small_file",
    "a tar-split": "tar_split",
    "a lower": "small_file",
    "a link": "small_file",
    "a container's config": "small_file",
    "the layers' lock": "mark",
}


@pytest.mark.parametrize("name", OVER)
def test_evidence_over_a_limit_is_a_loss_that_names_limit_and_option(name):
    store = Edited()
    path = max(places(store, name), key=lambda each: len(store.data(each)))
    limit = OVER[name]
    bound = len(store.data(path)) - 1
    report = judge(read_snapshot(store, limits=Limits(**{limit: bound})))
    assert report.verdict in {"undetermined", "damaged"}
    told = [loss.what for loss in report.losses if loss.where == path]
    assert len(told) == 1
    assert f"limit {limit}={bound}" in told[0]
    assert f"--max-{limit.replace('_', '-')}" in told[0]
    assert [f.message for f in report.findings if f.severity in {"error", "critical"}] == []


def test_a_lower_of_five_megabytes_is_not_healthy():
    store = Edited()
    path = places(store, "a lower")[0]
    report = report_of(store.write(path, store.text(path) + ":l/" + "A" * (5 << 20)))
    assert report.verdict == "undetermined"
    assert [loss.where for loss in report.losses] == [path]


@pytest.mark.parametrize("field", ["tar_split_text", "tar_split_line"])
def test_a_tar_split_that_unpacks_to_more_than_a_limit_is_a_loss(field):
    store = Edited()
    path = places(store, "a tar-split")[0]
    store.write(path, gzip.compress(bytes(3 << 20)))
    report = judge(read_snapshot(store, limits=Limits(**{field: 1 << 20})))
    assert report.verdict == "undetermined"
    [loss] = report.losses
    assert loss.where == path
    assert f"limit {field}={1 << 20}" in loss.what


def test_a_file_that_is_a_hard_link_to_nothing_was_not_compared():
    store = Edited()
    path = next(
        path
        for path, (member, data) in store.entries.items()
        if "/diff/" in path and member.kind == "file" and data and store.entries[path][0].size > 100
    )
    store.entries[path] = (Member(path, HARDLINK, link="storage/not/here", mode=0o644), b"")
    report = report_of(store)
    assert report.verdict == "undetermined"
    assert [loss.where for loss in report.losses] == [path]


def test_damage_elsewhere_is_still_found_beside_unread_evidence():
    store = Edited("layer-dir-removed")
    clean = {f.rule for f in report_of(Edited("layer-dir-removed")).findings}
    report = report_of(swapped(store, places(store, "a tar-split")[0], "fifo"))
    assert report.verdict == "damaged"
    assert {f.rule for f in report.findings} >= clean
    assert not report.complete


def test_a_driver_home_on_another_disk_is_undetermined_and_says_how_to_capture_it():
    store = Edited()
    for path in store.below("storage/overlay"):
        del store.entries[path]
    store.symlink("storage/overlay", "/mnt/disk2/overlay")
    report = report_of(store)
    assert report.verdict == "undetermined"
    [loss] = report.losses
    assert "/mnt/disk2/overlay" in loss.what
    assert "overlay/." in loss.what


@pytest.mark.parametrize(
    "path", ["etc/containers/storage.conf", "etc/crio/crio.conf.d/10-x.conf", "storage/db.sql", "storage/db.sql-wal"]
)
@pytest.mark.parametrize("kind", [SYMLINK, FIFO])
def test_configuration_and_databases_that_were_not_read_are_losses(path, kind):
    store = Edited()
    store.entries[path] = (Member(path, kind, link="../nowhere" if kind == SYMLINK else ""), b"")
    report = report_of(store)
    assert report.verdict == "undetermined"
    assert [loss.where for loss in report.losses] == [path]


@pytest.mark.parametrize("path", ["etc/os-release", "proc/mounts", "sos_commands/kernel/uname_-a"])
def test_links_that_every_node_has_and_long_command_output_change_nothing(path):
    store = Edited()
    store.entries[path] = (Member(path, SYMLINK, link="../usr/lib/x"), b"")
    store.write("sos_commands/filesys/lsof", b"x" * (DEFAULT.small_file + 1))
    report = report_of(store)
    assert report.verdict == "healthy"
    assert [note.where for note in report.snapshot.notes] == ["sos_commands/filesys/lsof"]


@pytest.mark.parametrize("length", [10, 16_384])
def test_a_path_that_is_cut_is_a_loss(length):
    name = tarfile.TarInfo("storage/overlay/" + "ab" * 32 + "/diff/" + "x/" * length)
    data = tar_of("healthy-overlay")
    head = archive(name)[: -(10_240 if length == 10 else 0) or None].rstrip(b"\0")
    head += bytes(-len(head) % 512)
    report = judge(read_snapshot(open_bundle("-", stdin=io.BytesIO(head + data)), limits=DEFAULT))
    told = [loss.what for loss in report.losses if "limit path=16384" in loss.what]
    assert bool(told) == (length == 16_384)
    assert (report.verdict != "healthy") == bool(told)
    assert (report.exit_code() == 4) == bool(told)


def archive(*members: tarfile.TarInfo, data: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for each in members:
            tar.addfile(each, io.BytesIO(data))
    return stream.getvalue()


def test_a_limit_that_is_hit_before_the_store_is_met_is_named():
    first, second = tarfile.TarInfo("a"), tarfile.TarInfo("storage/overlay-layers/layers.json")
    with pytest.raises(Exception, match=r"limit members=1 .*--max-members") as error:
        read_snapshot(open_bundle("-", stdin=io.BytesIO(archive(first, second)), limits=Limits(members=1)))
    assert error.value.exit_code == 3
