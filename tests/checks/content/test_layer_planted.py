"""TSP-010: files that no tar entry made."""

from __future__ import annotations

import pytest

from analyzer.source.member import CHAR, Member
from tests.contents import BASE, DIFF, told
from tests.editing import Edited

RULE = "TSP-010"


def sample() -> tuple[Edited, str]:
    return Edited().write(f"{DIFF}/usr/bin/backdoor", b"#!/bin/sh\n"), BASE


def test_a_planted_file_is_named():
    findings = told(sample()[0])
    assert set(findings) == {RULE}
    [finding] = findings[RULE]
    assert (finding.subject.id, finding.subject.path) == (BASE, f"{DIFF}/usr/bin/backdoor")
    assert finding.severity == "error"


def test_a_planted_whiteout_hides_a_file_below():
    store = Edited()
    layer = store.chain(store.image_named("quay.example.test/shop/api:2.0")["layer"])[0]
    path = f"storage/overlay/{layer}/diff/opt/hidden"
    store.touch_parent(path).entries[path] = (Member(path, CHAR), b"")
    [finding] = told(store)[RULE]
    assert finding.evidence[0].observed.startswith("a whiteout")


def test_a_planted_directory_alone_is_a_warning():
    [finding] = told(Edited().directory(f"{DIFF}/mnt"))[RULE]
    assert finding.severity == "warning"


@pytest.mark.parametrize("name", ["implied-parents", "userns-mapped", "inflight-pull"])
def test_parents_that_the_tar_only_implies_are_the_engines_own(name):
    assert Edited(name).findings(RULE) == []


def test_the_merged_tree_of_a_running_container_is_not_looked_at():
    assert Edited("healthy-live-mounted").findings(RULE) == []


def test_a_file_planted_in_a_partial_pull():
    store = Edited("healthy-zstd-chunked")
    layer = store.layers()[0]["id"]
    path = f"storage/overlay/{layer}/diff/usr/bin/backdoor"
    assert told(store.write(path, b"x"))[RULE][0].subject.path == path
