"""OVL-006: `overlay/l` itself."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-006"
PATH = "storage/overlay/l"


def sample() -> tuple[Edited, str]:
    return Edited().remove(PATH).symlink(PATH, "/mnt/l"), PATH


def test_a_symlink_in_its_place_stops_every_engine():
    store, path = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.path, finding.severity) == (path, "critical")
    assert finding.evidence[0] == type(finding.evidence[0])(finding.evidence[0].where, "a directory", "a symlink")


def test_a_file_in_its_place_stops_every_engine():
    [finding] = Edited().remove(PATH).write(PATH, b"").findings(RULE)
    assert finding.severity == "critical"


def test_gone_while_the_copy_kept_other_symlinks_is_a_warning():
    [finding] = Edited().remove(PATH).findings(RULE)
    assert (finding.subject.path, finding.severity, finding.doubt) == (PATH, "warning", "")


def test_a_copy_without_any_symlink_is_not_judged():
    store = Edited().leave_out(PATH)
    for path in [path for path, (member, _) in store.entries.items() if member.kind == "symlink"]:
        store.leave_out(path)
    assert store.findings(RULE) == []


def test_links_of_another_store_show_that_the_copy_kept_symlinks():
    store = Edited("healthy-additional-store")
    [*_, other] = sorted(
        {path[: -len("/overlay/l")] for path in store.entries if path.endswith("/overlay/l")} - {"storage"}
    )
    for path in [path for path, (member, _) in store.entries.items() if member.kind == "symlink"]:
        if not path.startswith(f"{other}/overlay/l/"):
            store.remove(path)
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.doubt) == ("warning", "")


def test_emptied_is_one_finding():
    store = Edited()
    for path in store.below(PATH)[1:]:
        store.remove(path)
    [finding] = store.findings(RULE)
    assert (finding.subject.path, finding.severity) == (PATH, "warning")


def renamed() -> Edited:
    """Return a store whose short links lie in `l.old`."""
    store = Edited()
    for path in store.below(PATH):
        member, data = store.entries.pop(path)
        member.path = f"{PATH}.old{path[len(PATH) :]}"
        store.entries[member.path] = (member, data)
    return store.touch_parent(PATH)


def test_short_links_under_another_name_are_told_with_their_place():
    [finding] = renamed().findings(RULE)
    assert (finding.severity, finding.facts["others"]) == ("critical", ["l.old"])
    assert f"{PATH}.old" in finding.message


def as_texts(*, everywhere: bool) -> Edited:
    """Return a store whose short links, or all of its symlinks, are files with the target as text."""
    store = Edited()
    for path, (member, _) in list(store.entries.items()):
        if member.kind == "symlink" and (everywhere or path.startswith(f"{PATH}/")):
            store.write(path, member.link)
    return store


def test_short_links_that_are_files_do_not_mount():
    [finding] = as_texts(everywhere=False).findings(RULE)
    assert (finding.severity, finding.doubt) == ("critical", "")


def test_empty_files_may_be_what_an_archiver_made_of_links_that_lead_upwards():
    store = Edited()
    for path in store.below(PATH):
        if path != PATH:
            store.write(path, b"")
    [finding] = store.findings(RULE)
    assert finding.severity == "info"
    assert "7-Zip" in finding.doubt


def test_a_bundle_without_any_symlink_leaves_open_who_wrote_them_as_files():
    [finding] = as_texts(everywhere=True).findings(RULE)
    assert finding.severity == "info"
    assert "no symlink at all" in finding.doubt


def test_links_that_lie_in_a_layers_directory_were_moved():
    """No time moved: without their new place the capture might have left them out."""
    store = Edited()
    layer = store.layers()[0]["id"]
    for path in store.below(PATH):
        member, data = store.entries.pop(path)
        member.path = path.replace(PATH, f"storage/overlay/{layer}/l", 1)
        store.entries[member.path] = (member, data)
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.doubt) == ("warning", "")
