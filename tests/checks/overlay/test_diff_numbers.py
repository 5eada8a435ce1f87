"""OVL-018: numbered diff directories."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-018"
APP = "registry.zoo.test/app:1"


def sample() -> tuple[Edited, str]:
    store = Edited("userns-mapped")
    layer = store.image_named(APP)["mapped-layers"][0]
    store.remove(f"storage/overlay/{layer}/diff1")
    return store.directory(f"storage/overlay/{layer}/diff2"), layer


def test_a_gap_hides_what_comes_after_it():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")
    assert finding.evidence[0].where.path == f"storage/overlay/{layer}/diff1"
    assert (finding.facts["gap"], finding.facts["last"]) == ("diff1", "diff2")


def test_one_and_two_without_a_gap_are_healthy():
    store = Edited("userns-mapped")
    layer = store.image_named(APP)["mapped-layers"][0]
    assert store.findings(RULE) == []
    assert store.directory(f"storage/overlay/{layer}/diff2").findings(RULE) == []
