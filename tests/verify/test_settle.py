"""Whose a name too many is: a copy adds nothing, but it may write a name anew."""

from __future__ import annotations

from analyzer.api import judge
from analyzer.capture.spelling import respelled
from analyzer.source.member import BLOCK, CHAR, DIRECTORY, FILE, SYMLINK
from tests.contents import DIFF, layer_of, layer_with, told
from tests.editing import Edited

README = "usr/share/doc/base/README"


def test_a_planted_file_is_told_although_its_directory_kept_its_time():
    store = Edited()
    path = layer_with(store, README).replace("README", "planted")
    times = store.entries[path.rpartition("/")[0]][0].mtime_ns
    store.write(path, b"x")
    store.entries[path.rpartition("/")[0]][0].mtime_ns = times
    assert [finding.subject.path for finding in told(store)["TSP-010"]] == [path]


def test_a_name_that_the_copy_wrote_anew_is_not():
    store = Edited()
    path = layer_with(store, README)
    folder = store.entries[path.rpartition("/")[0]][0]
    times, data = folder.mtime_ns, store.data(path)
    store.leave_out(path).write(path.replace("README", "readme"), data)
    folder.mtime_ns = times
    assert told(store) == {}


def chmod(store: Edited, folder: str) -> Edited:
    """Do what `chmod -R a+rX` does below a directory."""
    for path, (member, _) in store.entries.items():
        if path.startswith(folder) and member.kind in (FILE, DIRECTORY):
            member.mode |= 0o555 if member.kind == DIRECTORY or member.mode & 0o111 else 0o444
    return store


def test_modes_that_the_whole_store_lost_may_be_those_of_the_copy():
    assert told(chmod(Edited(), "storage/overlay/"))["OVL-024"]
    swept = chmod(Edited(), "storage")
    assert told(swept) == {}
    found = swept.findings("OVL-024")
    assert found
    assert all(finding.doubt and finding.severity == "info" for finding in found)


def test_letters_that_no_name_has_any_more_were_lost_by_the_copy():
    assert respelled(["etc/Foo", "a/é"], ["etc/foo", "a/e\u0301"], lambda: set("etcfoa/")) == {
        "etc/Foo", "etc/foo", "a/é", "a/e\u0301",
    }  # fmt: skip
    assert respelled(["etc/Foo"], ["etc/foo"], lambda: set("etcfo/F")) == set()


def test_what_a_desktop_adds_is_not_the_stores_unless_a_layer_alone_has_it():
    store = Edited()
    inside = layer_with(store, README).replace("README", ".DS_Store")
    assert told(Edited().write(inside, b"Bud1"))["TSP-010"]
    store.write(inside, b"Bud1").write("storage/overlay/l/.DS_Store", b"Bud1").write("storage/overlay/._l", b"\0\5")
    assert {finding.severity for finding in store.check().findings} <= {"info"}


def test_symlinks_without_targets_are_no_symlinks():
    store = Edited()
    for member, _ in store.entries.values():
        if member.kind == SYMLINK:
            member.link = ""
    assert {finding.severity for finding in store.check().findings} <= {"info"}


def test_a_name_that_became_another_one_of_plain_letters_is_no_copys_work():
    store = Edited()
    path = layer_with(store, README)
    folder = store.entries[path.rpartition("/")[0]][0]
    times, data = folder.mtime_ns, store.data(path)
    store.leave_out(path).write(path.replace("README", "SEADME"), data)
    folder.mtime_ns = times
    found = told(store)
    assert [finding.subject.path for finding in found["TSP-006"]] == [path]
    assert [finding.subject.path for finding in found["TSP-010"]] == [path.replace("README", "SEADME")]


def one_symlink(store: Edited) -> str:
    """Return the path of a symlink of an image layer."""
    links = (path for path, (member, _) in store.entries.items() if member.kind == SYMLINK and "/diff/" in path)
    made = {layer["id"] for layer in store.layers() if "diff-digest" in layer}
    return min(path for path in links if layer_of(path) in made)


def test_no_copy_changes_a_letter_of_one_target():
    store = Edited()
    path = one_symlink(store)
    member = store.entries[path][0]
    member.link = chr(ord(member.link[0]) ^ 1) + member.link[1:]
    assert [finding.subject.path for finding in told(store)["TSP-006"]] == [path]


def test_a_copy_may_put_one_text_in_front_of_a_target():
    store = Edited()
    member = store.entries[one_symlink(store)][0]
    member.link = f"./{member.link}"
    assert told(store) == {}


def nodes(store: Edited) -> list[str]:
    return [path for path, (member, _) in store.entries.items() if member.kind in (CHAR, BLOCK)]


def test_devices_that_a_copy_left_out_moved_no_time_and_those_removed_did():
    left, removed = Edited(), Edited()
    for path in nodes(left):
        left.leave_out(path)
        if not path.endswith("backingFsBlockDev"):  # an engine makes it anew at each start
            removed.remove(path)
    assert told(left) == {}
    assert {finding.facts["layer"] for finding in told(removed)["OVL-023"]} >= {
        layer_of(path) for path in nodes(Edited()) if path.endswith("null0")
    }


def test_where_no_node_at_all_is_left_they_may_have_been_deleted_from_a_copy():
    store = Edited()
    for path in nodes(store):
        store.remove(path)
    checked = store.check()
    assert told(store) == {}
    assert any(finding.doubt for finding in checked.findings)


def test_a_mask_that_the_whole_bundle_obeys_may_be_the_copys_and_one_that_it_does_not_is_no_copys():
    masked, single = Edited(), Edited()
    for path, (member, _) in masked.entries.items():
        if member.kind in (FILE, DIRECTORY):
            member.mode &= 0o7700
            if path.startswith("storage/overlay/"):
                single.entries[path][0].mode &= 0o7700
    assert told(masked) == {}
    assert any(finding.doubt for finding in masked.findings("OVL-024"))
    assert told(single)["OVL-024"]


def executables(store: Edited) -> list[str]:
    return sorted(path for path, (member, _) in store.entries.items() if member.kind == FILE and member.mode & 0o111)


def test_no_program_at_all_may_be_the_copys_and_none_in_one_layer_is_no_copys():
    everywhere, one = Edited(), Edited()
    layer = executables(one)[0].split("/")[2]
    for path in executables(everywhere):
        everywhere.entries[path][0].mode &= ~0o111
        if path.split("/")[2] == layer:
            one.entries[path][0].mode &= ~0o111
    assert len({path.split("/")[2] for path in executables(Edited())}) > 1
    assert told(everywhere) == {}
    assert any(finding.doubt for finding in everywhere.findings("OVL-024"))
    assert told(one)["OVL-024"]


def test_one_mode_of_all_files_may_be_the_copys_and_one_of_layers_alone_is_no_copys():
    everywhere, layers = Edited(), Edited()
    for path, (member, _) in everywhere.entries.items():
        if member.kind == FILE:
            member.mode = 0o755
            if path.startswith("storage/overlay/"):
                layers.entries[path][0].mode = 0o755
    assert told(everywhere) == {}
    assert any(finding.doubt for finding in everywhere.findings("OVL-024"))
    assert told(layers)["OVL-024"]


def test_owners_of_other_numbers_may_be_the_copys_unless_all_moved_alike():
    renumbered, shifted = Edited(), Edited()
    for path, (member, _) in renumbered.entries.items():
        if member.uid:
            member.uid += 3 + member.uid % 7
            shifted.entries[path][0].uid += 7
    assert told(renumbered) == {}
    assert any(finding.doubt for finding in renumbered.findings("OVL-024"))
    assert told(shifted)["OVL-024"]


def test_symlinks_to_files_of_the_size_are_left_open_and_to_others_are_not():
    equal, other = Edited(), Edited()
    sizes: dict[int, list[str]] = {}
    for path, (member, _) in equal.entries.items():
        if "/diff/" in path and member.kind == FILE and member.size:
            sizes.setdefault(member.size, []).append(path)
    first, *others = max(sizes.values(), key=len)
    assert len(others) >= 3
    longer = next(paths[0] for size, paths in sizes.items() if size != equal.entries[first][0].size)
    for path in others:
        equal.symlink(path, f"/somewhere/{first}")
        other.symlink(path, f"/somewhere/{longer}")
    assert told(equal) == {}
    assert any(finding.doubt for finding in equal.findings("TSP-006"))
    assert told(other)["TSP-006"]


def test_one_group_of_everything_is_the_copys():
    store = Edited()
    for member, _ in store.entries.values():
        member.gid = 65534
    assert told(store) == {}


def test_partial_pulls_set_no_owners_so_that_one_owner_tells_nothing_of_modes():
    store = Edited("healthy-zstd-chunked")
    for path, (member, _) in store.entries.items():
        if "/diff/" in path and member.kind == DIRECTORY:
            member.mode = 0o755
    assert told(store).keys() == {"OVL-024"}


def test_files_that_one_layer_alone_lacks_by_no_pattern_leave_the_verdict_open():
    """A power cut may have kept them from the disk; nothing moved the time of a directory."""
    store = Edited()
    top = layer_with(store, README).split("/diff/")[0]
    linked = {member.link for member, _ in store.entries.values()}
    files = [p for p, (m, _) in store.entries.items() if p.startswith(top) and m.kind == FILE and p not in linked]
    gone = [p for p in files if "/diff/" in p][::2]
    assert len(gone) > 1
    for path in gone:
        store.leave_out(path)
    assert judge(store.snapshot()).verdict == "undetermined"


def test_a_layer_with_every_directory_and_no_file_is_left_open():
    """No way of capturing leaves out the files of one layer alone, and nothing dates what a power cut took."""
    store = Edited()
    gone = [path for path in store.below(DIFF) if store.entries[path][0].kind in ("file", "hardlink")]
    times = {path: member.mtime_ns for path, (member, _) in store.entries.items()}
    for path in gone:
        store.remove(path)
    for path, (member, _) in store.entries.items():
        member.mtime_ns = times[path]
    assert judge(store.snapshot()).to_dict()["verdict"] == "undetermined"


def test_what_a_stopped_rsync_left_is_the_copys_and_such_a_name_beside_the_file_is_not():
    stopped, planted = Edited(), Edited()
    path = layer_with(stopped, README)
    partial = path.replace("README", ".README.x3Ab9Z")
    folder = stopped.entries[path.rpartition("/")[0]][0]
    times = folder.mtime_ns
    stopped.leave_out(path).write(partial, b"")
    folder.mtime_ns = times
    assert told(stopped) == {}
    assert told(planted.write(partial, b""))["TSP-010"]


def emptied(store: Edited, only: str = "") -> Edited:
    for path, (member, data) in list(store.entries.items()):
        if "/diff/" in path and member.kind == FILE and only in path:
            member.size, store.entries[path] = 0, (member, data[:0])
    return store


def test_layers_without_any_content_are_left_open_and_one_of_them_is_not():
    everywhere = emptied(Edited())
    assert told(everywhere) == {}
    assert any(finding.doubt for finding in everywhere.findings("TSP-009"))
    assert told(emptied(Edited(), layer_of(layer_with(Edited(), README))))["TSP-009"]


def cut(store: Edited, length: int, only: str = "") -> Edited:
    for path, (member, data) in list(store.entries.items()):
        if "/diff/" in path and member.kind == FILE and member.size > length and only in path:
            member.size, store.entries[path] = length, (member, data[:length])
    return store


def test_the_first_bytes_of_all_files_are_what_a_copy_kept_and_of_one_layers_are_not():
    lengths = sorted(m.size for path, (m, _) in Edited().entries.items() if "/diff/" in path and m.kind == FILE)
    length = lengths[-3] - 1
    assert told(cut(Edited(), length)) == {}
    longest = max(Edited().entries.items(), key=lambda each: each[1][0].size * ("/diff/" in each[0]))[0]
    assert told(cut(Edited(), 1, layer_of(longest)))["TSP-006"]
