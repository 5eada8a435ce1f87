"""OVL-003: the form of the entries of `overlay/l`."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "OVL-003"
API = "quay.example.test/shop/api:2.0"
STRAY = f"storage/overlay/l/{'A' * 26}"


def sample() -> tuple[Edited, str]:
    return Edited().symlink(STRAY, "/etc/passwd"), STRAY


@pytest.mark.parametrize("target", ["/etc", "../x", "../a/b/diff", "../../overlay/x/diff", "../x/diff/"])
def test_another_target_is_an_error(target):
    [finding] = Edited().symlink(STRAY, target).findings(RULE)
    assert (finding.subject.path, finding.severity) == (STRAY, "error")
    assert finding.evidence[0].expected == "a symlink to ../<layer>/diff"


def test_says_where_a_layers_own_link_should_lead():
    store = Edited()
    layer = store.image_named(API)["layer"]
    path = f"storage/overlay/l/{store.text(f'storage/overlay/{layer}/link')}"
    [finding] = store.symlink(path, f"/var/lib/containers/storage/overlay/{layer}/diff").findings(RULE)
    assert finding.evidence[0].expected == f"a symlink to ../{layer}/diff"
    assert finding.facts["layers"] == [layer]


def test_a_file_among_the_symlinks_is_an_error():
    [finding] = Edited().write(STRAY, b"x").findings(RULE)
    assert finding.subject.path == STRAY


def test_where_all_differ_the_copy_may_have_done_it():
    store = Edited()
    for path in store.below("storage/overlay/l")[1:]:
        store.symlink(path, "/var/lib" + store.entries[path][0].link.removeprefix(".."))
    [finding] = store.findings(RULE)
    assert (finding.subject.path, finding.severity) == ("storage/overlay/l", "warning")


def test_a_capture_that_followed_symlinks_is_not_judged():
    store = Edited()
    for path in store.below("storage/overlay/l")[1:]:
        store.directory(path)
    assert store.findings(RULE) == []
