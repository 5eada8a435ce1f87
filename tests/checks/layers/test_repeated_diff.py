"""LAY-014: one content twice on one parent."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LAY-014"


def sample() -> tuple[Edited, str]:
    store = Edited()
    records = store.layers()
    original = next(record for record in records if record.get("parent") and record.get("diff-digest"))
    records.append({**original, "id": "0" * 64})
    return store.write_layers(records), "0" * 64


def test_one_finding_for_the_group():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity, finding.facts["number"]) == (layer, "info", 2)


def test_mapped_copies_are_meant_to_repeat_their_original():
    assert Edited("userns-mapped").findings(RULE) == []


def test_layers_without_a_digest_are_not_compared():
    assert Edited("healthy-overlay").findings(RULE) == []
