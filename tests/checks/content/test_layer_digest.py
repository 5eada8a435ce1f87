"""TSP-008: the SHA-256 of a layer made again (depth deep)."""

from __future__ import annotations

import json

import pytest

from tests.contents import BASE, HEALTHY, PASSWD, SPLIT, told
from tests.editing import Edited
from tests.tarsplit import crc64, lines, pack

RULE = "TSP-008"
OPTIONS = {"depth": "deep"}


def deceived() -> Edited:
    """Return a store whose file was changed together with the checksum in its tar-split."""
    import base64

    store = Edited()
    data = b"X" + store.data(PASSWD)[1:]
    entries = lines(store.data(SPLIT))
    entry = next(entry for entry in entries if entry.get("name") == "etc/passwd")
    entry["payload"] = base64.b64encode(crc64(data).to_bytes(8, "big")).decode()
    return store.write(PASSWD, data).write(SPLIT, pack(entries))


def sample() -> tuple[Edited, str]:
    return deceived(), BASE


def test_a_change_that_deceives_the_checksum_is_found_at_depth_deep_only():
    assert told(deceived()) == {}
    findings = told(deceived(), depth="deep")
    assert set(findings) == {RULE}
    [finding] = findings[RULE]
    assert finding.subject.id == BASE
    assert finding.evidence[0].expected == f"sha256:{BASE}"


def test_a_layer_with_changed_files_is_told_by_them():
    assert set(told(Edited().write(PASSWD, b"short"), depth="deep")) == {"TSP-006"}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_layers_have_their_digest(name):
    store = Edited(name)
    assert told(store, depth="deep") == {}
    digests = {
        layer["id"]: layer.get("diff-digest")
        for path in store.entries
        if path.endswith("overlay-layers/layers.json")
        for layer in json.loads(store.data(path))
    }
    rebuilt = store.snapshot("deep").rebuilt
    for path, made in rebuilt.items():
        assert not made.reason
        assert made.digest == digests[path.rpartition("/")[2].partition(".")[0]]


def test_a_bundle_that_can_be_read_once_skips_the_rule():
    store = deceived()
    store.again = None
    assert dict(store.check(depth="deep").skipped)[RULE] == "the bundle can be read only once"
