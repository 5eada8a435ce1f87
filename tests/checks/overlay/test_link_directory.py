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
