"""LAY-009: `compression`."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "LAY-009"


def changed(**fields) -> tuple[Edited, str]:
    store = Edited()
    records = store.layers()
    records[0].update(fields)
    return store.write_layers(records), records[0]["id"]


def sample() -> tuple[Edited, str]:
    return changed(compression=9)


@pytest.mark.parametrize("value", [-1, 5, 9, 10**30])
def test_an_unknown_number_is_only_told(value):
    store, layer = changed(compression=value)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "info")


def test_uncompressed_with_another_digest_is_told():
    store, layer = changed(compression=0)
    [finding] = store.findings(RULE)
    assert finding.subject.id == layer


@pytest.mark.parametrize("value", range(1, 5))
def test_every_form_that_the_engine_writes_is_silent(value):
    assert changed(compression=value)[0].findings(RULE) == []


def test_healthy_kinds_are_silent():
    for name in ("healthy-overlay", "image-store", "healthy-zstd-chunked", "newest-chunked"):
        assert Edited(name).findings(RULE) == []
