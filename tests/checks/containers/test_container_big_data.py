"""CTR-006: big data of containers."""

from __future__ import annotations

import hashlib

from tests.editing import Edited

RULE = "CTR-006"
KEY, CONTENT = "checkpoint", b"twelve bytes"


def with_item(content: bytes | None) -> tuple[Edited, str]:
    store = Edited()
    containers = store.containers()
    container = containers[0]
    container["big-data-names"] = [KEY]
    container["big-data-sizes"] = {KEY: len(CONTENT)}
    container["big-data-digests"] = {KEY: f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"}
    store.write_containers(containers)
    path = f"storage/overlay-containers/{container['id']}/{KEY}"
    times = {member.path: member.mtime_ns for member, _ in store.entries.values()}
    store.write(path, content or b"")
    store.change(path.rpartition("/")[0], mtime_ns=times[path.rpartition("/")[0]])
    if content is None:
        store.remove(path)
    return store, container["id"]


def sample() -> tuple[Edited, str]:
    """Return a store with a container that lost an item."""
    return with_item(None)


def test_a_whole_item_is_silent():
    assert with_item(CONTENT)[0].findings(RULE) == []


def test_an_item_that_the_capture_left_out_is_silent():
    store, container = with_item(CONTENT)
    assert store.leave_out(f"storage/overlay-containers/{container}/{KEY}").findings(RULE) == []


def test_missing_short_zeroed_and_changed_items():
    seen = [
        with_item(content)[0].findings(RULE)[0].facts["seen"] for content in (None, b"", bytes(12), b"twelve Bytes")
    ]
    assert seen == ["missing", "0 bytes", "12 NUL bytes", f"sha256:{hashlib.sha256(b'twelve Bytes').hexdigest()}"]


def test_zero_length_and_nul_filled_items_are_unsynced_writes():
    assert [with_item(c)[0].findings(RULE)[0].facts["unsynced"] for c in (None, b"", bytes(12), b"x")] == [
        False,
        True,
        True,
        False,
    ]


def test_an_item_that_the_archive_cuts_is_not_judged():
    store, container = with_item(CONTENT[:5])
    store.change(f"storage/overlay-containers/{container}/{KEY}", size=len(CONTENT))
    assert store.findings(RULE) == []


def test_records_alone_skip_the_rule():
    store = with_item(None)[0]
    for path in list(store.entries):
        if not path.endswith("s.json"):
            del store.entries[path]
    assert RULE not in store.check().run
