"""OVL-010: the `diff` of a layer."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-010"
API = "quay.example.test/shop/api:2.0"


def sample() -> tuple[Edited, str]:
    store = Edited()
    layer = store.image_named(API)["layer"]
    return store.remove(f"storage/overlay/{layer}/diff"), layer


def test_a_missing_diff_is_an_error_for_who_needs_the_layer():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")
    assert finding.facts["images"] == [store.image_named(API)["id"]]


def test_a_relative_symlink_is_refused_and_an_absolute_one_is_an_additional_layer_stores():
    store, layer = sample()
    path = f"storage/overlay/{layer}/diff"
    [finding] = store.symlink(path, "../elsewhere/diff").findings(RULE)
    assert "not absolute" in finding.facts["seen"]
    assert store.symlink(path, "/var/lib/als/abc/diff").findings(RULE) == []


def test_a_file_in_its_place_is_an_error():
    store, layer = sample()
    [finding] = store.write(f"storage/overlay/{layer}/diff", b"").findings(RULE)
    assert finding.evidence[0].observed == "a file"


def without_diffs(take: str, bundle: str = "healthy-overlay") -> Edited:
    store = Edited(bundle)
    for path in [path for path in store.entries if path.endswith("/diff") and path.count("/") == 3]:
        if "/l/" not in path:
            getattr(store, take)(path)
    return store


def test_a_capture_without_any_diff_is_not_judged():
    assert without_diffs("leave_out").findings(RULE) == []


def test_every_diff_removed_shows_in_the_times_of_the_layer_directories():
    store = without_diffs("remove", "userns-mapped")
    found = store.findings(RULE)
    assert len(found) > 1
    assert {finding.severity for finding in found} == {"error"}


def test_a_capture_that_lists_no_directories_is_not_judged():
    """`find -type f | tar -T -`: a layer of nothing but directories has no member below its diff."""
    store = Edited()
    for path in [path for path, (member, _) in store.entries.items() if member.kind == "dir"]:
        del store.entries[path]
    assert store.findings(RULE) == []


def test_diffs_without_content_are_healthy():
    assert Edited("healthy-metadata-only").findings(RULE) == []


def test_the_copy_of_an_id_map_has_its_files_in_diff1():
    store = Edited("userns-mapped")
    copies = [path for path in store.entries if path.endswith("/diff1") and path.count("/") == 3]
    layer = copies[0].split("/")[2]
    store.remove(copies[0])
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.facts["name"], finding.severity) == (layer, "diff1", "error")


def test_a_diff_that_was_set_aside_is_gone_even_where_no_layer_has_one():
    store = Edited()
    diffs = [path for path in store.entries if path.endswith("/diff") and path.count("/") == 3]
    for path in diffs:
        store.leave_out(path)
        store.directory(f"{path}.bak")
    told = {finding.subject.id for finding in store.findings(RULE)}
    assert told >= {path.split("/")[2] for path in diffs} & {each["id"] for each in store.layers()}


def test_a_check_of_the_file_system_puts_what_lost_its_name_into_lost_and_found():
    store = Edited()
    layer = store.image_named("quay.example.test/shop/api:2.0")["layer"]
    path, found = f"storage/overlay/{layer}/diff", "storage/lost+found/131"
    for each in store.below(path):
        member, data = store.entries.pop(each)
        member.path = found + each[len(path) :]
        store.entries[member.path] = (member, data)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")
    assert finding.evidence[0].observed == f"missing; it may be {found}"


def without_large_owners(store):
    """Leave out every entry with an owner that 18 bits do not hold, as bsdtar does in its ustar format."""
    for path, (member, _) in list(store.entries.items()):
        if max(member.uid, member.gid) > 0o777777:
            del store.entries[path]
    return store


def test_a_format_that_holds_no_large_owner_left_the_directories_of_mapped_layers_out():
    store = without_large_owners(Edited("userns-mapped"))
    assert [finding.severity for finding in store.findings(RULE) if finding.severity != "info"] == []


def test_where_other_large_owners_are_held_the_directory_was_removed():
    store = Edited("userns-mapped")
    mapped = [layer["id"] for layer in store.layers() if layer.get("uidmap")]
    large = [path for path, (member, _) in store.entries.items() if member.uid > 0o777777]
    assert len(mapped) > 1
    assert large
    store.remove(f"storage/overlay/{mapped[0]}/diff")
    assert [finding.subject.id for finding in store.findings(RULE) if finding.severity == "error"] == [mapped[0]]
