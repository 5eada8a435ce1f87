"""Damage any part of a healthy archive: no traceback, a valid report, and never "healthy" when data was lost."""

from __future__ import annotations

import io
import json

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.api import judge
from analyzer.errors import AnalyzerError
from analyzer.report.formats.json import render as render_json
from analyzer.report.formats.text import render as render_text
from analyzer.snapshot.snapshot import read_snapshot
from analyzer.source.open import open_bundle
from tests.archives import spans, tar_of
from tests.conftest import VALIDATOR

CLEAN = ["healthy-overlay", "healthy-zstd-chunked", "image-store", "healthy-additional-store"]
BUNDLES = st.sampled_from(CLEAN)
BLOCK = 512
settings.register_profile(
    "mutations", max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
MUTATIONS = settings.get_profile("mutations")


def outcome(data: bytes):
    """Return the document for a tar in memory, None when it is refused; anything else is a failure."""
    try:
        report = judge(read_snapshot(open_bundle("-", stdin=io.BytesIO(data))))
    except AnalyzerError as error:
        return refused(error)
    assert report.checked.failed == ()
    document = json.loads(render_json(report))
    try:
        VALIDATOR.validate(document)
    except jsonschema.ValidationError as error:
        pytest.fail(f"{error.json_path}: {error.message}")
    assert render_text(report, everything=True)
    lost = not document["coverage"]["complete"]
    assert not (lost and document["verdict"] == "healthy")
    open_verdict = lost or document["verdict"] == "undetermined"
    assert report.exit_code() in ({1, 4} if open_verdict else {0, 1})
    return document


def refused(error: AnalyzerError) -> None:
    """Judge a refusal: one line, and the status of unreadable input."""
    assert error.exit_code == 3
    assert "\n" not in str(error)


def end(name: str) -> int:
    """Return where the last member ends and the archive's end mark begins."""
    return spans(name)[-1][2]


@pytest.mark.parametrize("name", CLEAN)
def test_the_clean_archives_are_healthy(name):
    assert outcome(tar_of(name))["verdict"] == "healthy"


@MUTATIONS
@given(BUNDLES, st.data())
def test_cut_at_a_block(name, data):
    at = data.draw(st.integers(1, end(name) // BLOCK - 1)) * BLOCK
    document = outcome(tar_of(name)[:at])
    assert document is None or document["verdict"] != "healthy"
    assert document is None or document["verdict"] != "damaged"


@MUTATIONS
@given(BUNDLES, st.data())
def test_cut_at_any_byte(name, data):
    at = data.draw(st.integers(1, end(name) - 1))
    document = outcome(tar_of(name)[:at])
    assert document is None or document["verdict"] in {"undetermined", "advisory"}


@MUTATIONS
@given(BUNDLES, st.data())
def test_one_flipped_bit(name, data):
    tar = bytearray(tar_of(name))
    at = data.draw(st.integers(0, end(name) - 1))
    tar[at] ^= 1 << data.draw(st.integers(0, 7))
    outcome(bytes(tar))


@MUTATIONS
@given(BUNDLES, st.data())
def test_one_zeroed_block(name, data):
    at = data.draw(st.integers(0, end(name) // BLOCK - 1)) * BLOCK
    tar = tar_of(name)
    outcome(tar[:at] + bytes(BLOCK) + tar[at + BLOCK :])


@MUTATIONS
@given(BUNDLES, st.data())
def test_two_swapped_blocks(name, data):
    blocks = st.integers(0, end(name) // BLOCK - 1)
    low, high = sorted((data.draw(blocks) * BLOCK, data.draw(blocks) * BLOCK))
    tar = tar_of(name)
    if low != high:
        tar = (
            tar[:low]
            + tar[high : high + BLOCK]
            + tar[low + BLOCK : high]
            + tar[low : low + BLOCK]
            + tar[high + BLOCK :]
        )
    outcome(tar)


@MUTATIONS
@given(BUNDLES, st.data())
def test_a_dropped_member(name, data):
    _, start, stop = data.draw(st.sampled_from(spans(name)))
    tar = tar_of(name)
    outcome(tar[:start] + tar[stop:])


@MUTATIONS
@given(BUNDLES, st.data())
def test_a_repeated_member_changes_nothing(name, data):
    _, start, stop = data.draw(st.sampled_from(spans(name)))
    tar = tar_of(name)
    document = outcome(tar[: end(name)] + tar[start:stop] + tar[end(name) :])
    assert document["verdict"] == "healthy"


@MUTATIONS
@given(BUNDLES, st.data())
def test_a_block_of_anything(name, data):
    at = data.draw(st.integers(0, end(name) // BLOCK - 1)) * BLOCK
    tar = tar_of(name)
    junk = data.draw(st.binary(min_size=BLOCK, max_size=BLOCK))
    outcome(tar[:at] + junk + tar[at + BLOCK :])


@MUTATIONS
@given(st.sampled_from(["combo-power-loss", "layer-dir-removed", "parent-cycle", "base-file-edited"]), st.data())
def test_damage_to_the_archive_of_a_damaged_store_never_makes_it_healthy(name, data):
    tar = bytearray(tar_of(name))
    at = data.draw(st.integers(0, end(name) - 1))
    how = data.draw(st.sampled_from(["cut", "flip", "zero"]))
    if how == "cut":
        tar = tar[:at]
    elif how == "flip":
        tar[at] ^= 0x40
    else:
        tar[at // BLOCK * BLOCK : at // BLOCK * BLOCK + BLOCK] = bytes(BLOCK)
    document = outcome(bytes(tar))
    assert document is None or document["verdict"] != "healthy"
