"""STO-007: the lock's clock."""

from __future__ import annotations

import struct

import pytest

from tests.editing import Edited

RULE = "STO-007"
LAYERS = "storage/overlay-layers/layers.json"
VOLATILE_LAYERS = "storage/overlay-layers/volatile-layers.json"
LOCK = "storage/overlay-layers/layers.lock"
SECOND = 10**9


def with_times(lock_after: int) -> Edited:
    """Return a store whose lock was written so many seconds after the newest layers file."""
    store = Edited()
    newest = max(store.entries[path][0].mtime_ns for path in (LAYERS, VOLATILE_LAYERS))
    token = struct.pack("<QQI", newest + lock_after * SECOND, 1, 4711) + bytes(44)
    return store.write(LOCK, token)


def sample() -> tuple[Edited, str]:
    """Return a store with an index file that is ten minutes younger than its lock."""
    store = Edited().change(LAYERS, mtime_ns=Edited().entries[LAYERS][0].mtime_ns + 600 * SECOND)
    return store, LAYERS


@pytest.mark.parametrize(("seconds", "variant"), [(3600, "lost"), (-3600, "edited")])
def test_both_directions_are_information(seconds, variant):
    [finding] = with_times(seconds).findings(RULE)
    assert (finding.severity, finding.variant, finding.facts["pid"]) == ("info", variant, 4711)


@pytest.mark.parametrize("seconds", [0, 5, -5, 59])
def test_a_few_seconds_are_normal(seconds):
    assert with_times(seconds).findings(RULE) == []


def test_an_old_token_has_no_time():
    assert Edited().write(LOCK, b"0123456789abcdef" * 4).findings(RULE) == []


def test_an_archive_that_kept_no_times_says_nothing():
    store = Edited()
    for path in store.entries:
        store.change(path, mtime_ns=0)
    assert store.findings(RULE) == []
