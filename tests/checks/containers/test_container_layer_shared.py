"""CTR-005: one writable layer, two containers."""

from __future__ import annotations

from tests.editing import Edited

RULE = "CTR-005"


def sample() -> tuple[Edited, str]:
    """Return a store with two containers on one layer."""
    store = Edited()
    containers = store.containers()
    containers[1]["layer"] = containers[0]["layer"]
    return store.write_containers(containers), containers[0]["layer"]


def test_the_layer_is_the_subject():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.kind, finding.subject.id, finding.severity) == ("layer", layer, "error")
    assert finding.facts["containers"] == [each["id"] for each in Edited().containers()[:2]]


def test_a_container_recorded_twice_is_one_owner():
    store = Edited()
    containers = store.containers()
    assert store.write_containers([*containers, containers[0]]).findings(RULE) == []


def test_containers_without_a_layer_share_nothing():
    store = Edited()
    containers = store.containers()
    for container in containers[:2]:
        container["layer"] = ""
    assert store.write_containers(containers).findings(RULE) == []
