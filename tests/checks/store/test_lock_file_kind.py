"""STO-008: kinds and sizes of lock files."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "STO-008"
LOCK = "storage/overlay-images/images.lock"


def sample() -> tuple[Edited, str]:
    """Return a store with a directory in place of images.lock."""
    return Edited().remove(LOCK).directory(LOCK), LOCK


def test_a_directory_stops_every_engine():
    [finding] = sample()[0].findings(RULE)
    assert finding.severity == "error"


def test_a_symlink_to_what_was_not_captured_is_not_read_and_not_blamed():
    store = Edited().symlink("storage/storage.lock", "/dev/null")
    assert store.findings(RULE) == []
    assert "storage/storage.lock" in {loss.where for loss in store.snapshot().losses}


def test_another_size_is_harmless():
    [finding] = Edited().write(LOCK, b"x" * 20).findings(RULE)
    assert (finding.severity, finding.facts["seen"]) == ("info", "20 bytes long")


@pytest.mark.parametrize("content", [b"", bytes(64), b"a" * 64])
def test_never_written_and_written_locks_are_silent(content):
    assert Edited().write(LOCK, content).findings(RULE) == []
