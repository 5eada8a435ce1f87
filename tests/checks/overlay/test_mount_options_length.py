"""OVL-017: lowers that outgrow a page."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-017"
API = "quay.example.test/shop/api:2.0"


def deep(count: int) -> tuple[Edited, str]:
    store = Edited()
    layer = store.image_named(API)["layer"]
    return store.write(f"storage/overlay/{layer}/lower", ":".join([f"l/{'A' * 26}"] * count)), layer


def sample() -> tuple[Edited, str]:
    """A page of 4096 bytes holds 63 names of 38 + 26 + 1 bytes."""
    return deep(64)


def test_the_first_that_does_not_fit_is_told():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity, finding.facts["length"]) == (layer, "info", 64 * 65)


def test_shorter_ones_fit_and_longer_ones_are_told_below():
    assert deep(63)[0].findings(RULE) == []
    assert deep(65)[0].findings(RULE) == []
