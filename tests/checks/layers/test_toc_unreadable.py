"""LAY-011: the table of contents of a partial pull."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "LAY-011"
TOC = "=enN0ZC1jaHVua2VkLW1hbmlmZXN0"


def changed(data: bytes) -> tuple[Edited, str]:
    store = Edited("healthy-zstd-chunked")
    layer = store.layers()[0]["id"]
    return store.write(f"storage/overlay-layers/{layer}/{TOC}", data), layer


def sample() -> tuple[Edited, str]:
    return changed(b"")


@pytest.mark.parametrize(
    "data", [b"", bytes(512), b"{", b"[]", b"null", b"{}", b'{"version":2,"entries":[]}', b'{"version":1}', b"\xff"]
)
def test_anything_but_a_table_of_version_1_is_a_warning(data):
    store, layer = changed(data)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "warning")
    assert finding.facts["unsynced"] == (not data.strip(b"\0"))


def test_tables_of_both_generations_are_healthy():
    assert Edited("healthy-zstd-chunked").findings(RULE) == []
    assert Edited("newest-chunked").findings(RULE) == []
