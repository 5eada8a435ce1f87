"""Any change of any layer file is found and named, alone; stripped contents are skipped, never damaged."""

from __future__ import annotations

import functools
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.contents import CONTENT_RULES, HEALTHY, layer_of, told
from tests.editing import Edited
from tests.tarsplit import lines, name_of

ANY = settings(max_examples=80, deadline=None, derandomize=True)
DIFF = re.compile(r"/diff\d*/")
DAMAGED = ["base-file-edited", "base-file-mode", "opaque-xattr-lost", "combo-power-loss"]


@functools.cache
def files(bundle: str) -> tuple[str, ...]:
    """Return the member path of every file with content that a tar-split of a bundle describes and the bundle has."""
    store = Edited(bundle)
    found = []
    for split in store.entries:
        if not split.endswith(".tar-split.gz"):
            continue
        layer = split.rpartition("/")[2].partition(".")[0]
        roots = {path.partition("/diff/")[0] for path in store.entries if f"/overlay/{layer}/diff/" in path}
        for root in roots:
            paths = [f"{root}/diff/{name_of(e).removeprefix('./')}" for e in lines(store.data(split)) if e.get("size")]
            found += [path for path in paths if path in store.entries and store.entries[path][0].kind == "file"]
    return tuple(found)


WITH_FILES = [name for name in HEALTHY if files(name)]


@st.composite
def places(draw):
    """Return a bundle and one of its layer files."""
    bundle = draw(st.sampled_from(WITH_FILES))
    return bundle, draw(st.sampled_from(files(bundle)))


def assert_named(store: Edited, path: str, rules: set[str]) -> None:
    found = [finding for findings in told(store).values() for finding in findings]
    assert [finding.subject.id for finding in found] == [layer_of(path)]
    assert found[0].rule in rules
    assert found[0].evidence[0].where.path == path
    assert found[0].facts["files"] == [path.partition("/diff/")[2]]


@ANY
@given(places(), st.integers(0), st.integers(1, 255))
def test_any_byte_of_any_file(place, at, mask):
    bundle, path = place
    store = Edited(bundle)
    data = bytearray(store.data(path))
    data[at % len(data)] ^= mask
    store.write(path, bytes(data))
    assert_named(store, path, {"TSP-007"} if any(data) else {"TSP-009"})


@ANY
@given(places(), st.integers(0))
def test_cut_to_any_length(place, at):
    bundle, path = place
    store = Edited(bundle)
    data = store.data(path)[: at % len(store.data(path))]
    store.write(path, data)
    assert_named(store, path, {"TSP-006"} if data.strip(b"\0") else {"TSP-009"})


@ANY
@given(places(), st.binary(max_size=300))
def test_any_other_content(place, data):
    bundle, path = place
    store = Edited(bundle)
    assume(data != store.data(path))
    store.write(path, data)
    assert_named(store, path, {"TSP-006", "TSP-007"} if data.strip(b"\0") else {"TSP-009"})


@ANY
@given(places(), st.integers(0, 0o7777))
def test_any_other_mode(place, mode):
    bundle, path = place
    store = Edited(bundle)
    member = store.entries[path][0]
    linked = any(each.kind == "hardlink" and each.link == path for each, _ in store.entries.values())
    assume(mode != member.mode and not linked)
    files = [name for name, (each, _) in store.entries.items() if "/diff/" in name and each.kind == "file"]
    assume(len(files) > 1)  # of one file alone nobody can tell whether it was changed or the copy kept no modes
    member.mode = mode
    assert_named(store, path, {"OVL-024"})


@ANY
@given(places())
def test_any_removed_file(place):
    bundle, path = place
    store = Edited(bundle)
    assume(not any(each.kind == "hardlink" and each.link == path for each, _ in store.entries.values()))
    diff = path.partition("/diff/")[0] + "/diff/"
    assume(sum(known.startswith(diff) for known in store.entries) > 1)  # a diff with nothing in it may be the capture's
    assume(len(files(bundle)) > 1)  # without any file it is a bundle without contents
    store.remove(path)
    assert_named(store, path, {"TSP-006"})


@ANY
@given(places(), st.text(st.characters(min_codepoint=48, max_codepoint=0x2FF), min_size=1, max_size=20))
def test_any_planted_file(place, name):
    bundle, path = place
    store = Edited(bundle)
    planted = f"{path.rpartition('/')[0]}/{name}~planted"
    assume(not name.startswith(".wh."))
    store.write(planted, b"#!/bin/sh\n")
    assert_named(store, planted, {"TSP-010"})


@pytest.mark.parametrize("name", [*DAMAGED, *WITH_FILES])
def test_stripped_contents_are_skipped(name):
    store = Edited(name)
    store.entries = {path: entry for path, entry in store.entries.items() if not DIFF.search(path)}
    checked = store.check()
    skipped = dict(checked.skipped)
    assert {rule for rule in ("TSP-006", "TSP-007", "TSP-009", "TSP-010", "OVL-024") if rule in skipped} == {
        "TSP-006", "TSP-007", "TSP-009", "TSP-010", "OVL-024"
    }  # fmt: skip
    of_files = [f for f in checked.findings if f.rule in CONTENT_RULES and f.severity != "info"]
    assert {f.rule for f in of_files} <= {"TSP-002", "TSP-004"}  # of the tar-split itself
