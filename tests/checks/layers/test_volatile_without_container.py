"""LAY-015: volatile layers and their containers."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LAY-015"
LAYERS = "storage/overlay-layers/volatile-layers.json"
CONTAINERS = "storage/overlay-containers/volatile-containers.json"


def alone(created: str | None = None) -> tuple[Edited, str]:
    store = Edited()
    [record] = store.records(LAYERS)
    if created:
        record["created"] = created
    return store.write_records(LAYERS, [record]).write_records(CONTAINERS, []), record["id"]


def sample() -> tuple[Edited, str]:
    return alone("2026-11-20T00:00:00Z")


def test_an_old_one_is_a_warning_and_a_young_one_is_told():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "warning")
    assert [finding.severity for finding in alone()[0].findings(RULE)] == ["info"]


def test_an_emptied_file_of_containers_is_named():
    store, layer = alone()
    [finding] = store.write(CONTAINERS, b"").findings(RULE)
    assert (finding.subject.id, finding.severity, finding.facts["containers_emptied"]) == (layer, "warning", True)
    assert CONTAINERS in finding.message


def test_with_its_container_it_is_healthy():
    assert Edited().findings(RULE) == []
