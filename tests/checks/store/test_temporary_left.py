"""STO-006: left-over temporary files."""

from __future__ import annotations

from tests.editing import Edited

RULE = "STO-006"
PATH = "storage/overlay-layers/.tmp-layers.json123456"


def sample() -> tuple[Edited, str]:
    """Return a store with a left-over temporary file."""
    return Edited().write(PATH, b"[{"), PATH


def test_it_is_information_with_its_time():
    store, path = sample()
    [finding] = store.change(path, mtime_ns=1_795_545_706 * 10**9).findings(RULE)
    assert finding.severity == "info"
    assert finding.facts["time"] == "2026-11-24T18:41:46Z"
