"""LAY-003: chains over 500 lowers."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LAY-003"


def tower(layers: int) -> Edited:
    """Return a store whose records form one chain of that many layers, ids counting up from the base."""
    records = []
    for number in range(layers):
        record = {"id": f"{number:064x}", "created": "2026-11-24T18:00:00Z"}
        if number:
            record["parent"] = f"{number - 1:064x}"
        records.append(record)
    return Edited().write_layers(records)


def sample() -> tuple[Edited, str]:
    return tower(502), f"{501:064x}"


def test_the_first_layer_over_the_limit_is_named_once():
    [finding] = tower(700).findings(RULE)
    assert (finding.subject.id, finding.severity, finding.facts["number"]) == (f"{501:064x}", "error", 501)


def test_five_hundred_lowers_are_healthy():
    assert tower(501).findings(RULE) == []


def test_a_cycle_has_no_depth():
    store = tower(600)
    records = store.layers()
    records[0]["parent"] = records[599]["id"]
    assert store.write_layers(records).findings(RULE) == []


def test_a_missing_base_counts_as_one():
    store = tower(501)
    records = store.layers()
    records[0]["parent"] = "f" * 64
    [finding] = store.write_layers(records).findings(RULE)
    assert finding.subject.id == f"{500:064x}"


def test_a_long_chain_in_reverse_order_is_quick():
    store = tower(20_000)
    store.write_layers(store.layers()[::-1])
    assert [finding.subject.id for finding in store.findings(RULE)] == [f"{501:064x}"]
