"""STO-001: index files that don't load."""

from __future__ import annotations

import pytest

from analyzer.source.member import DIRECTORY, SYMLINK
from tests.editing import Edited

RULE = "STO-001"
LAYERS = "storage/overlay-layers/layers.json"
IMAGES = "storage/overlay-images/images.json"
CONTAINERS = "storage/overlay-containers/containers.json"
VOLATILE = "storage/overlay-containers/volatile-containers.json"


def sample() -> tuple[Edited, str]:
    """Return a store whose layers.json is cut at a block boundary."""
    store = Edited()
    return store.write(LAYERS, store.data(LAYERS)[:4096]), LAYERS


def test_a_cut_file_says_what_is_left_and_what_is_lost():
    store = Edited()
    ids = [layer["id"] for layer in store.layers()]
    whole = store.data(LAYERS)[:4096].count(b'"created"') - 1
    [finding] = sample()[0].findings(RULE)
    assert finding.severity == "critical"
    assert finding.evidence[0].where.path == LAYERS
    assert finding.facts["rows"] == whole
    assert finding.facts["missing"] == len(ids) - whole
    assert finding.facts["layers"] == sorted(ids[whole:])
    assert finding.facts["unsynced"]


def test_the_real_bundle_of_a_power_loss():
    [finding] = Edited("layers-json-truncated").findings(RULE)
    assert finding.subject.key == LAYERS
    assert (finding.facts["size"], finding.facts["kind"]) == (4096, "cut")


@pytest.mark.parametrize("path", [LAYERS, IMAGES, CONTAINERS, VOLATILE])
def test_a_nul_filled_file_is_an_unsynced_write(path):
    store = Edited()
    [finding] = store.write(path, bytes(len(store.data(path)))).findings(RULE)
    assert finding.subject.key == path
    assert finding.severity == "critical"
    assert finding.facts["offset"] == 0
    assert finding.facts["unsynced"]
    assert finding.facts["volatile"] is (path == VOLATILE)


@pytest.mark.parametrize("text", [b"{}", b"x", b'"a"', b"[{]", b"[{}] x", b"\xef\xbb\xbf[]"])
def test_text_that_the_engine_refuses(text):
    [finding] = Edited().write(IMAGES, text).findings(RULE)
    assert finding.subject.key == IMAGES


def test_a_directory_in_place_of_the_file():
    store = Edited().write(IMAGES, b"")
    [finding] = store.change(IMAGES, kind=DIRECTORY, size=0).findings(RULE)
    assert finding.subject.key == IMAGES


@pytest.mark.parametrize("text", [b"[]", b" [ ]\n", b"null", b"[]" + bytes(9), b""])
def test_what_the_engine_loads_is_silent(text):
    assert Edited().write(VOLATILE, text).findings(RULE) == []


def test_a_file_that_the_archive_cuts_is_not_judged():
    store = Edited().write(LAYERS, Edited().data(LAYERS)[:4096])
    store.change(LAYERS, size=12533)
    assert store.findings(RULE) == []


def test_a_symlink_that_leads_out_of_the_bundle_is_a_gap_of_the_capture():
    store = Edited()
    assert store.change(LAYERS, kind=SYMLINK, size=0, link="../../sos_strings/layers.json.tailed").findings(RULE) == []


def test_text_in_utf_16_is_no_unsynced_write():
    store = Edited()
    [finding] = store.write(LAYERS, store.text(LAYERS).encode("utf-16")).findings(RULE)
    assert (finding.facts["kind"], finding.facts["unsynced"]) == ("byte-order-mark", False)
