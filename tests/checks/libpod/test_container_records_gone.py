"""LPD-009: overlay-containers is gone while podman knows containers."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LPD-009"
ROOT = "srv/podman/storage"
INDEX = f"{ROOT}/overlay-containers/containers.json"


def sample() -> tuple[Edited, str]:
    """Return a store without overlay-containers."""
    return Edited("podman-pod").remove(f"{ROOT}/overlay-containers"), INDEX


def test_the_containers_are_named_and_nothing_is_sure_that_is_not():
    [finding] = sample()[0].findings(RULE)
    assert finding.facts["names"] == "alone, f441e0e36a48-infra, web"
    assert finding.facts["doubt"] or finding.severity == "error"


def test_with_the_index_nothing_is_said():
    assert Edited("podman-pod").findings(RULE) == []


def test_records_of_a_transient_store_take_its_place():
    store = Edited("podman-pod")
    data = store.data(INDEX)
    store.remove(INDEX).write(f"{ROOT}/overlay-containers/volatile-containers.json", data)
    assert store.findings(RULE) == []


def test_a_volatile_index_beside_it_does_not_answer_for_the_others():
    store = Edited().remove("storage/overlay-containers/containers.json")
    assert "storage/overlay-containers/volatile-containers.json" in store.entries
    [finding] = store.findings(RULE)
    assert finding.severity == "error"
    assert finding.facts["count"] == 4
    assert store.findings("LPD-005") == []
