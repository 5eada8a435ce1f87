"""LAY-005: the form of digests."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "LAY-005"


def changed(field: str, value: str) -> tuple[Edited, str]:
    store = Edited()
    records = store.layers()
    records[0][field] = value
    return store.write_layers(records), records[0]["id"]


def sample() -> tuple[Edited, str]:
    return changed("diff-digest", "sha256:abc")


@pytest.mark.parametrize("field", ["diff-digest", "compressed-diff-digest", "toc-digest"])
@pytest.mark.parametrize(
    "value", ["abc", "sha256:" + "A" * 64, "sha256:" + "a" * 63, "md5:" + "a" * 32, "sha512:" + "a" * 64]
)
def test_names_the_field(field, value):
    store, layer = changed(field, value)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")
    assert finding.evidence[0].where.pointer == f"/0/{field}"


def test_other_algorithms_are_healthy():
    store, _ = changed("compressed-diff-digest", "sha512:" + "a" * 128)
    assert store.findings(RULE) == []
