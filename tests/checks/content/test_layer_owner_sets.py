"""TSP-012: uidset and gidset."""

from __future__ import annotations

from tests.contents import BASE, HEALTHY
from tests.editing import Edited

RULE = "TSP-012"


def sample() -> tuple[Edited, str]:
    store = Edited()
    layers = store.layers()
    for layer in layers:
        if layer["id"] == BASE:
            layer["uidset"] = [0]
    return store.write_layers(layers), BASE


def test_a_set_that_is_not_that_of_the_headers():
    [finding] = sample()[0].findings(RULE)
    assert (finding.facts["field"], finding.facts["expected"], finding.facts["observed"]) == (
        "uidset",
        "[0, 1000]",
        "[0]",
    )
    assert finding.severity == "info"


def test_every_recorded_set_is_that_of_the_headers():
    for name in HEALTHY:
        assert Edited(name).findings(RULE) == [], name


def test_a_long_set_is_shown_by_its_first_two_hundred_characters():
    store, layer = sample()
    layers = store.layers()
    next(record for record in layers if record["id"] == layer)["uidset"] = list(range(1000, 1100))
    [finding] = store.write_layers(layers).findings(RULE)
    assert finding.facts["observed"] == str(list(range(1000, 1100)))[:200]
