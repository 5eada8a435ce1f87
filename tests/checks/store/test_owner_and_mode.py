"""STO-016: owners and modes of the store's own files."""

from __future__ import annotations

from tests.editing import Edited

RULE = "STO-016"
IMAGES = "storage/overlay-images/images.json"


def sample() -> tuple[Edited, str]:
    """Return a rootless store with one index file of root."""
    store = Edited()
    for path in store.entries:
        store.change(path, uid=1000, gid=1000)
    return store.change(IMAGES, uid=0, gid=0), IMAGES


def test_names_the_file_that_differs():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.variant) == ("critical", "owner"), "the user cannot open it"
    assert finding.evidence[0].expected == "user 1000"
    assert finding.evidence[0].observed == "owner 0:0, mode 0600"


def test_root_reads_what_belongs_to_a_user():
    [finding] = Edited().change(IMAGES, uid=1000).findings(RULE)
    assert (finding.severity, finding.variant) == ("warning", "owner")


def test_an_index_that_anybody_may_write():
    [finding] = Edited().change(IMAGES, mode=0o666).findings(RULE)
    assert (finding.subject.path, finding.variant) == (IMAGES, "mode")


def test_a_rootless_store_is_silent():
    store = Edited()
    for path in store.entries:
        store.change(path, uid=1000, gid=1000)
    assert store.findings(RULE) == []


def test_a_capture_that_lost_all_modes_is_silent():
    store = Edited()
    for path in store.entries:
        store.change(path, mode=0o777)
    assert store.findings(RULE) == []


def test_layers_keep_their_own_owners():
    store = Edited()
    for path in [path for path in store.entries if "/diff/" in path]:
        store.change(path, uid=4321, mode=0o777)
    assert store.findings(RULE) == []
