"""STO-004: elements without a record, records without an id."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "STO-004"
LAYERS = "storage/overlay-layers/layers.json"
IMAGES = "storage/overlay-images/images.json"


def sample() -> tuple[Edited, str]:
    """Return a store with a null element in layers.json."""
    store = Edited()
    return store.write_layers([*store.layers()[:2], None, *store.layers()[2:]]), LAYERS


def test_a_null_element_is_critical_and_has_a_pointer():
    [finding] = sample()[0].findings(RULE)
    assert finding.severity == "critical"
    assert finding.evidence[0].where.pointer == "/2"
    assert finding.evidence[0].observed == "null"


@pytest.mark.parametrize("record", [{"names": ["a:1"]}, {"id": ""}, {"id": None}])
def test_a_record_without_an_id(record):
    store = Edited()
    [finding] = store.write_images([*store.images(), record]).findings(RULE)
    assert (finding.subject.path, finding.severity) == (IMAGES, "error")
    assert finding.evidence[0].where.pointer == f"/{len(Edited().images())}"


def test_an_id_of_another_type_is_a_wrong_type():
    store = Edited()
    store.write_images([*store.images(), {"id": 7}])
    assert store.findings(RULE) == []
    assert [f.evidence[0].where.pointer for f in store.findings("STO-005")] == [f"/{len(Edited().images())}/id"]
