"""A healthy store stays healthy however it was captured; a damaged one is told the same in any order of members."""

from __future__ import annotations

import copy
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contents import HEALTHY, told
from tests.editing import Edited


def without(store: Edited, unwanted) -> None:
    store.entries = {path: entry for path, entry in store.entries.items() if not unwanted(path, entry[0])}


def no_attributes(store):
    for member, _ in store.entries.values():
        member.xattrs = {}


def no_nodes(store):
    without(store, lambda path, member: member.kind in ("char", "block"))


def owned(owner):
    def change(store):
        for member, _ in store.entries.values():
            member.uid = member.gid = owner

    return change


def whole_seconds(store):
    for member, _ in store.entries.values():
        member.mtime_ns -= member.mtime_ns % 10**9


def times_of_a_copy(store):
    for member, _ in store.entries.values():
        member.mtime_ns = 10**18


def backwards(store):
    store.entries = dict(reversed(store.entries.items()))


def no_tar_splits(store):
    without(store, lambda path, member: path.endswith(".tar-split.gz"))


def no_content(store):
    without(store, lambda path, member: "/diff/" in path)


def no_diffs(store):
    without(store, lambda path, member: "/diff" in path)


def some_diffs_left_out(store):
    some = sorted({path.partition("/diff/")[0] for path in store.entries if "/diff/" in path})[:2]
    without(store, lambda path, member: any(path.startswith(f"{each}/diff") for each in some))


def hard_links_copied(store):
    for path, (member, _) in list(store.entries.items()):
        if member.kind == "hardlink":
            target, data = store.entries[member.link]
            twin = copy.copy(target)
            twin.path = path
            store.entries[path] = (twin, data)


def unpacked_by_a_user(store):
    no_nodes(store)
    no_attributes(store)
    owned(1000)(store)
    store.format = "directory"
    for member, _ in store.entries.values():
        if member.kind != "symlink":
            member.mode &= 0o755


WAYS = [
    no_attributes, no_nodes, owned(0), owned(1000), whole_seconds, times_of_a_copy, backwards, no_tar_splits,
    no_content, no_diffs, some_diffs_left_out, hard_links_copied, unpacked_by_a_user,
]  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("depth", ["quick", "standard", "deep"])
def test_healthy_stores(name, depth):
    assert told(Edited(name), depth=depth) == {}


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__qualname__.partition(".")[0])
def test_no_way_of_capturing_makes_damage(name, way):
    store = Edited(name)
    way(store)
    assert told(store) == {}


DAMAGED = ("base-file-edited", "base-file-mode", "opaque-xattr-lost", "tar-split-corrupt", "combo-power-loss")


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_silent_at_depth_quick_unless_it_is_of_a_tar_split(name):
    found = told(Edited(name), depth="quick")
    assert set(found) <= {"TSP-002"}


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(DAMAGED), st.integers(0))
def test_the_order_of_members_does_not_matter(name, seed):
    store = Edited(name)
    expected = fingerprints(store)
    members = list(store.entries.items())
    random.Random(seed).shuffle(members)
    store.entries = dict(members)
    assert fingerprints(store) == expected != []


def fingerprints(store: Edited) -> list[tuple]:
    return [(f.fingerprint, f.message, f.evidence) for found in told(store).values() for f in found]
