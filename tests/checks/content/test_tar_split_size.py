"""TSP-004: arithmetic of a tar-split against the record."""

from __future__ import annotations

import pytest

from tests.contents import BASE, HEALTHY, told
from tests.editing import Edited

RULE = "TSP-004"


def resized(size) -> Edited:
    store = Edited("healthy-metadata-only")
    layers = store.layers()
    for layer in layers:
        if layer["id"] == BASE:
            layer["diff-size"] = size
    return store.write_layers(layers)


def sample() -> tuple[Edited, str]:
    return resized(47_105), BASE


def test_lengths_are_compared_without_any_content():
    [finding] = resized(512).findings(RULE)
    assert (finding.subject.id, finding.facts["total"], finding.facts["size"]) == (BASE, 47_104, 512)
    assert finding.evidence[1].where.pointer.endswith("/diff-size")


@pytest.mark.parametrize("size", [-1, None, 47_104])
def test_an_unknown_size_is_not_compared(size):
    assert told(resized(size)) == {}


@pytest.mark.parametrize("name", HEALTHY)
def test_every_healthy_layer_adds_up(name):
    assert Edited(name).findings(RULE) == []


@pytest.mark.parametrize(("size", "wrong"), [(47_105, True), (512, False)])
def test_a_length_of_no_tar_is_the_records_fault(size, wrong):
    [finding] = resized(size).findings(RULE)
    assert finding.facts["record_wrong"] is wrong


def test_files_that_are_as_listed_prove_the_record_wrong():
    store = Edited()
    layers = [{**each, "diff-size": 47_104 ^ 4_096} if each["id"] == BASE else each for each in store.layers()]
    [finding] = store.write_layers(layers).findings(RULE)
    assert (finding.facts["record_wrong"], finding.facts["one_bit"]) == (True, True)
