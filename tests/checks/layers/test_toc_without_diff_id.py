"""LAY-007: TOC-only layers."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LAY-007"
DIGEST = "sha256:" + "a" * 64


def toc_only(flags) -> tuple[Edited, str]:
    store = Edited("newest-chunked")
    records = store.layers()
    record = next(record for record in records if "toc-digest" in record)
    del record["diff-digest"]
    if flags is not None:
        record["flags"] = flags
    return store.write_layers(records), record["id"]


def sample() -> tuple[Edited, str]:
    return toc_only(None)


def test_without_the_flag_or_with_another_value_it_cannot_be_exported():
    for flags in (None, {}, {"expected-layer-diffid": ""}, {"expected-layer-diffid": 7}):
        store, layer = toc_only(flags)
        [finding] = store.findings(RULE)
        assert (finding.subject.id, finding.severity) == (layer, "warning"), flags


def test_with_the_flag_or_a_true_diff_digest_it_is_healthy():
    assert toc_only({"expected-layer-diffid": DIGEST})[0].findings(RULE) == []
    assert Edited("newest-chunked").findings(RULE) == []
