"""TSP-006: files that are missing or of another type, size or target."""

from __future__ import annotations

import pytest

from analyzer.source.member import FILE, HARDLINK, SYMLINK
from tests.contents import BASE, DAY, DIFF, PASSWD, layer_of, layer_with, told
from tests.editing import Edited

RULE = "TSP-006"


def sample() -> tuple[Edited, str]:
    return Edited().write(PASSWD, b"root::0:0:::\n"), BASE


def only(store: Edited):
    findings = told(store)
    assert set(findings) == {RULE}, {rule: [f.message for f in found] for rule, found in findings.items()}
    [finding] = findings[RULE]
    return finding


def test_an_edited_file_of_a_real_bundle():
    finding = only(Edited("base-file-edited"))
    assert (finding.subject.kind, finding.subject.id, finding.subject.path) == ("layer", BASE, PASSWD)
    assert (finding.evidence[0].expected, finding.evidence[0].observed) == ("72 bytes", "96 bytes")
    assert finding.facts["unsynced"] is False


@pytest.mark.parametrize("path", ["etc/passwd", "etc/empty", "etc/localtime", "sbin", "bin/sleep", "tmp"])
def test_a_removed_file_link_or_directory(path):
    finding = only(Edited().remove(f"{DIFF}/{path}"))
    assert finding.facts["files"] == [path]
    assert finding.evidence[0].observed == "missing"


def test_a_whole_directory_removed_lists_all_of_it():
    store = Edited()
    gone = sorted(path.removeprefix(f"{DIFF}/") for path in store.below(f"{DIFF}/etc"))
    finding = only(store.remove(f"{DIFF}/etc"))
    assert finding.facts["files"] == gone
    assert finding.facts["count"] == len(gone)


def test_all_files_of_one_layer_removed():
    store = Edited()
    for path in store.below(DIFF)[1:]:
        store.entries.pop(path, None)
    store.touch_parent(f"{DIFF}/bin")
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.confidence) == (BASE, "medium")


def test_a_diff_left_out_of_the_capture_is_not_damage():
    assert told(Edited().remove(DIFF)) == {}


def test_files_of_another_type():
    store = Edited()
    member, _ = store.entries[f"{DIFF}/etc/localtime"]
    member.kind, member.link = FILE, ""
    store.touch_parent(member.path)
    assert only(store).facts["kinds"] == {"type": 1}


def test_all_files_of_one_layer_not_captured():
    store = Edited()
    for path in store.below(DIFF)[1:]:
        store.entries.pop(path, None)
    assert told(store) == {}


def test_a_symlink_with_another_target():
    finding = only(Edited().change(f"{DIFF}/etc/localtime", link="/etc/evil"))
    assert finding.evidence[0].observed == "symlink to /etc/evil"


def test_cut_at_a_page_with_the_old_time_is_a_write_that_never_came_to_disk():
    path = f"{DIFF}/usr/share/doc/base/README"
    store = Edited()
    data = store.data(path)
    assert len(data) > 8192
    assert only(store.write(path, data[:8192])).facts["unsynced"] is True
    store.change(path, mtime_ns=store.entries[DIFF][0].mtime_ns + DAY)
    assert only(store).facts["unsynced"] is False


def test_a_file_may_be_stored_under_the_name_of_its_hard_link():
    store = Edited()
    first, data = store.entries.pop(f"{DIFF}/bin/init")
    link, _ = store.entries[f"{DIFF}/bin/sleep"]
    assert (first.kind, link.kind, link.link) == (FILE, HARDLINK, f"{DIFF}/bin/init")
    link.kind, link.size, link.link = FILE, first.size, ""
    first.kind, first.size, first.link = HARDLINK, 0, f"{DIFF}/bin/sleep"
    store.entries[f"{DIFF}/bin/sleep"] = (link, data)
    store.entries[f"{DIFF}/bin/init"] = (first, b"")
    assert told(store) == {}


def test_hard_links_across_layers_are_followed():
    store = Edited()
    other = layer_with(store, "usr/lib/libc.so.6")
    member, data = store.entries[PASSWD]
    store.entries[f"{other.rpartition('/')[0]}/twin"] = (
        type(member)(f"{other.rpartition('/')[0]}/twin", FILE, len(data)),
        data,
    )
    store.touch_parent(f"{other.rpartition('/')[0]}/twin")
    member.kind, member.size, member.link = HARDLINK, 0, f"{other.rpartition('/')[0]}/twin"
    member.mtime_ns = 1_700_000_000_000_000_000
    store.entries[member.link][0].mode, store.entries[member.link][0].mtime_ns = 0o644, member.mtime_ns
    findings = told(store)
    assert set(findings) == {"TSP-010"}
    assert findings["TSP-010"][0].subject.id == layer_of(other)


def test_an_entry_below_a_symlink_of_the_layer_is_where_it_leads():
    store = Edited()
    for path in store.below(f"{DIFF}/etc"):
        member, data = store.entries.pop(path)
        if path != f"{DIFF}/etc":
            member.path = path.replace("/diff/etc/", "/diff/usr/etc/")
            store.entries[member.path] = (member, data)
    store.directory(f"{DIFF}/usr/etc", 0o755).symlink(f"{DIFF}/etc", "/usr/etc")
    finding = only(store)
    assert (finding.facts["files"], finding.facts["kinds"]) == (["etc"], {"type": 1})


def test_a_capture_that_left_out_large_files_is_not_damage():
    store = Edited()
    paths = [path for path, (member, _) in store.entries.items() if "/diff" in path and member.kind == FILE]
    large = [path for path in paths if store.entries[path][0].size > 8_000]
    assert len({layer_of(path) for path in large}) > 1
    for path in large:
        store.leave_out(path)
    assert store.findings(RULE) == []


def test_files_that_nothing_tells_about_are_left_open():
    store = Edited()
    for path in [path for path, (member, _) in store.entries.items() if member.kind == "dir"]:
        del store.entries[path]
    store.leave_out(PASSWD)
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.confidence) == ("info", "low")
    assert "left out of the capture" in finding.doubt


def test_containers_are_never_judged():
    store = Edited()
    container = next(c for c in store.containers() if c["layer"])
    store.write(f"storage/overlay/{container['layer']}/diff/etc/passwd", b"x")
    assert told(store) == {}


def test_symlinks_compare_by_target_only():
    store = Edited()
    assert store.entries[f"{DIFF}/sbin"][0].kind == SYMLINK
    assert told(store.change(f"{DIFF}/sbin", mode=0o755)) == {}


@pytest.mark.parametrize("late_ns", [100_000_000, 1_500_000_000])
def test_a_file_that_was_removed_within_seconds_of_the_pull_is_missing(late_ns):
    """The engine had given the directory its recorded time: any other time is that of a later change."""
    store = Edited().remove(f"{DIFF}/etc/passwd")
    split = next(member for path, (member, _) in store.entries.items() if path.endswith(f"{BASE}.tar-split.gz"))
    finding = only(store.change(f"{DIFF}/etc", mtime_ns=split.mtime_ns + late_ns))
    assert finding.facts["files"] == ["etc/passwd"]


def test_a_file_whose_directory_has_its_recorded_time_was_not_captured():
    assert told(Edited().leave_out(f"{DIFF}/etc/passwd")) == {}


def test_files_that_another_layer_has_instead_are_gone_and_not_left_out():
    """As where whole copies of layers were exchanged, times and all: no capture moves files."""
    store = Edited()
    below, top = store.chain(store.image_named("quay.example.test/shop/web:1.4")["layer"])[1::-1]
    old, new = (f"storage/overlay/{layer}/diff" for layer in (top, below))
    for path in store.below(old)[1:]:
        member, data = store.entries.pop(path)
        member.path = new + path[len(old) :]
        store.entries.setdefault(member.path, (member, data))
    assert {each.subject.id: each.severity for each in store.findings(RULE)}[top] == "error"
