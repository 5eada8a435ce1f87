"""OVL-014: `staging` and `tempdirs`."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-014"


def sample() -> tuple[Edited, str]:
    return Edited().directory("storage/overlay/staging").directory("storage/overlay/staging/123"), (
        "storage/overlay/staging"
    )


def test_what_is_left_is_only_told():
    store, path = sample()
    store.directory("storage/overlay/tempdirs/temp-dir-9").write("storage/overlay/tempdirs/lock-9", b"")
    staging, tempdirs = sorted(store.findings(RULE), key=lambda finding: finding.subject.path)
    assert (staging.subject.path, staging.severity) == (path, "info")
    assert (tempdirs.subject.path, tempdirs.facts["number"]) == ("storage/overlay/tempdirs", 1)


def test_empty_ones_are_silent():
    store = Edited().directory("storage/overlay/staging").directory("storage/overlay/tempdirs")
    assert store.findings(RULE) == []
