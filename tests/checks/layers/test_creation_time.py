"""LAY-016: `created`."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LAY-016"


def created(value: str | None) -> tuple[Edited, str]:
    store = Edited()
    records = store.layers()
    del records[0]["created"]
    if value is not None:
        records[0]["created"] = value
    return store.write_layers(records), records[0]["id"]


def sample() -> tuple[Edited, str]:
    return created("2036-01-01T00:00:00Z")


def test_the_future_and_no_time_are_only_told():
    for value in ("2036-01-01T00:00:00Z", "0001-01-01T00:00:00Z", None, "yesterday"):
        store, layer = created(value)
        [finding] = store.findings(RULE)
        assert (finding.subject.id, finding.severity) == (layer, "info"), value


def test_a_copy_without_times_gives_no_clock():
    store, _ = sample()
    for path, (member, _) in store.entries.items():
        member.mtime_ns = 0
        if path.endswith(".lock"):
            store.write(path, b"")
    assert store.findings(RULE) == []
