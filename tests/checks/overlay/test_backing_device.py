"""OVL-025: `backingFsBlockDev`."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-025"
NODE = "storage/overlay/backingFsBlockDev"


def sample() -> tuple[Edited, str]:
    return Edited().write(NODE, b""), NODE


def test_another_kind_is_only_told():
    store, path = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.path, finding.severity) == (path, "info")


def test_absent_is_healthy():
    assert Edited().remove(NODE).findings(RULE) == []
