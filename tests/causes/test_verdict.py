"""What the whole report says of a store: damage is never called healthy, a poor capture is never called damage."""

from __future__ import annotations

import re

import pytest

from analyzer.api import judge
from tests.editing import Edited
from tests.test_faults import FAULTS

IMAGES = "storage/overlay-images"
DIFF = re.compile(r"/overlay/[^/]+/diff\d*/")
ONE_LINE = re.compile(r"[^\n]{20,200}")


def without(store: Edited, unwanted) -> Edited:
    """Leave out every entry for which `unwanted(path, member)` holds."""
    store.entries = {path: each for path, each in store.entries.items() if not unwanted(path, each[0])}
    return store


def no_contents(store: Edited) -> Edited:
    return without(store, lambda path, _member: DIFF.search(path))


def no_attributes(store: Edited) -> Edited:
    for member, _ in store.entries.values():
        member.xattrs = {}
    return store


def no_symlinks(store: Edited) -> Edited:
    return without(store, lambda _path, member: member.kind == "symlink")


def no_layer_directories(store: Edited) -> Edited:
    kept = re.compile(r"storage/overlay(/l(/.*)?)?|(?!storage/overlay/).*")
    return without(store, lambda path, _member: not kept.fullmatch(path))


def no_short_links(store: Edited) -> Edited:
    return without(store, lambda path, member: member.kind == "symlink" or path == "storage/overlay/l")


def no_image_data(store: Edited) -> Edited:
    store = without(store, lambda path, _member: re.match(rf"{IMAGES}/[0-9a-f]{{64}}", path))
    return store.change(IMAGES, mtime_ns=store.entries[f"{IMAGES}/images.json"][0].mtime_ns)


def no_tar_splits(store: Edited) -> Edited:
    return without(store, lambda path, _member: path.endswith(".tar-split.gz"))


OPEN = [no_layer_directories, no_image_data, no_tar_splits]
GONE = [*OPEN, no_short_links]


def test_symlinks_that_no_member_of_the_bundle_is_were_not_captured():
    """The directory that lacks `l` keeps the time of its newest layer: nothing was removed from it."""
    assert judge(no_short_links(Edited()).snapshot()).verdict == "healthy"


@pytest.mark.parametrize("gone", OPEN, ids=lambda each: each.__name__)
def test_a_part_that_is_gone_as_a_whole_leaves_the_verdict_open(gone):
    report = judge(gone(Edited()).snapshot())
    assert report.verdict == "undetermined"
    assert ONE_LINE.fullmatch(report.too_thin)
    assert "removed" in report.too_thin
    assert "captur" in report.too_thin
    assert [cause.id for cause in report.causes if cause.severity != "info"] == []


@pytest.mark.parametrize("gone", GONE, ids=lambda each: each.__name__)
def test_damage_that_is_seen_stays_damage_beside_it(gone):
    store = gone(Edited())
    base = store.chain(store.image_named("quay.example.test/shop/api:2.0")["layer"])[-1]
    store.write_layers([row for row in store.layers() if row["id"] != base])
    assert judge(store.snapshot()).verdict == "damaged"


def no_locks(store: Edited) -> Edited:
    return without(store, lambda path, _member: path.endswith(".lock"))


def no_directories(store: Edited) -> Edited:
    return without(store, lambda _path, member: member.kind == "dir")


def index_files_only(store: Edited) -> Edited:
    return without(store, lambda path, _member: not path.endswith(".json") or DIFF.search(path))


def no_driver(store: Edited) -> Edited:
    return without(store, lambda path, _member: re.match(r"[^/]+/overlay(/|$)", path))


def records_and_link_texts(store: Edited) -> Edited:
    return no_tar_splits(no_contents(store))


CAPTURES = [records_and_link_texts, no_contents, no_attributes, no_locks, no_directories, index_files_only, no_driver]


@pytest.mark.parametrize("name", ["healthy-overlay", "healthy-live-mounted", "image-store", "userns-mapped"])
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda each: each.__name__)
def test_a_healthy_store_stays_healthy_however_it_was_captured(name, capture):
    store = Edited(name)
    full = judge(store.snapshot())
    report = judge(capture(store).snapshot())
    assert (full.verdict, report.verdict) == ("healthy", "healthy"), [f.message for f in report.findings]
    assert set(report.checked.run) <= set(full.checked.run)


@pytest.mark.parametrize("name", sorted(FAULTS))
@pytest.mark.parametrize("capture", [no_contents, no_attributes], ids=lambda each: each.__name__)
def test_damage_is_told_of_a_poorer_capture_or_the_rules_that_saw_it_are_named_as_skipped(name, capture):
    store = Edited()
    FAULTS[name](store)
    full = judge(store.snapshot())
    report = judge(capture(store).snapshot())
    seen = {f.rule for f in full.findings if f.severity in ("error", "critical")}
    if report.verdict != "damaged":
        left = seen - {f.rule for f in report.findings}
        assert left <= {rule for rule, _reason in report.checked.skipped}, left
