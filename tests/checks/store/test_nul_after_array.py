"""STO-003: NUL bytes behind the array."""

from __future__ import annotations

from tests.editing import Edited

RULE = "STO-003"
IMAGES = "storage/overlay-images/images.json"


def sample() -> tuple[Edited, str]:
    """Return a store whose images.json has a NUL tail."""
    store = Edited()
    return store.write(IMAGES, store.data(IMAGES) + bytes(77)), IMAGES


def test_says_where_the_tail_begins():
    store, path = sample()
    [finding] = store.findings(RULE)
    assert finding.severity == "warning"
    assert finding.facts["offset"] == len(Edited().data(path))
    assert finding.evidence[0].observed == "77 NUL bytes"
    assert store.findings("STO-001") == []


def test_white_space_is_legal():
    store = Edited()
    assert store.write(IMAGES, store.data(IMAGES) + b"\n \t\r\n").findings(RULE) == []
