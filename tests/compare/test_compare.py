"""Two captures held against each other: what an edit changes is found, and nothing else is said to have changed."""

from __future__ import annotations

import copy
import itertools
import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.api import analyze, judge
from analyzer.checks.finding import RANK
from analyzer.compare.compare import compare
from analyzer.compare.model import DIFFERENT, GONE, NEW, NOT_SEEN, SAME
from analyzer.compare.objects import changed_objects
from analyzer.source.member import Loss
from tests.archives import joined, moved, report_of
from tests.editing import BUNDLES, Edited
from tests.truth import cases, is_subject

CASES = {f"{group}/{case['name']}": path for group, case, path in cases()}
API = "quay.example.test/shop/api:2.0"
RECORDS = {
    "image": "storage/overlay-images/images.json",
    "layer": "storage/overlay-layers/layers.json",
    "container": "storage/overlay-containers/containers.json",
}


def against(after: Edited, before: Edited | None = None):
    """Compare a store that was edited with the store as it was."""
    return compare(report_of(before or Edited()), report_of(after))


def states(comparison, *leave_out: str):
    """Return (kind, state) of everything that differs, without findings, causes and answers."""
    judged = {"finding", "cause", "answer", *leave_out}
    return [(c.kind, c.state) for c in comparison.different if c.kind not in judged]


@pytest.fixture(scope="module")
def healthy():
    return report_of(Edited())


@pytest.mark.parametrize("name", CASES)
def test_a_capture_and_itself_are_the_same(name):
    report = analyze(CASES[name])
    comparison = compare(report, report)
    assert {change.state for change in comparison.changes} == {SAME}
    assert comparison.accounts == ()
    assert len(comparison.of("layer")) == sum(len(rel.layers) for rel in report.relations)
    assert comparison.same_store is True or not report.relations[0].layers


@pytest.mark.parametrize("root", ["", "var/lib/containers/storage", "a/b/storage"])
def test_where_a_bundle_starts_makes_no_difference(root):
    comparison = against(moved(Edited(), "storage", root))
    assert comparison.different == ()
    assert comparison.of("file", NOT_SEEN) == ()
    assert comparison.files > 100


def test_the_order_of_the_archive_makes_no_difference():
    store = Edited()
    names = list(store.entries)
    random.Random(4).shuffle(names)
    store.entries = {name: store.entries[name] for name in names}
    assert against(store).different == ()


@pytest.mark.parametrize("kind", RECORDS)
def test_a_removed_record_is_gone_and_the_rest_is_the_same(kind):
    before = Edited()
    records = before.records(RECORDS[kind])
    number = len(records) // 2
    after = Edited().write_records(RECORDS[kind], records[:number] + records[number + 1 :])
    comparison = against(after)
    assert [change.item.key for change in comparison.of(kind, GONE)] == [records[number]["id"]]
    assert comparison.of(kind, NEW) == comparison.of(kind, NOT_SEEN) == ()
    names = [("name", GONE)] * len(records[number].get("names", ())) if kind == "image" else []
    assert sorted(states(comparison)) == sorted([(kind, GONE), *names])


def test_an_object_that_vanished_by_halves_is_told_as_that():
    layer = Edited().layers()[3]["id"]
    after = Edited().remove(f"storage/overlay/{layer}")
    comparison = against(after)
    assert [(c.item.key, c.state) for c in comparison.of("directory", GONE)] == [(layer, GONE)]
    [changed] = changed_objects(comparison)
    assert (changed.kind, changed.id, changed.state) == ("layer", layer, "changed")
    assert {c.kind for c in changed.changes[GONE]} == {"directory"}
    assert {"layer", "link"} <= {c.kind for c in changed.changes[SAME]}


def test_a_removed_link():
    link = next(path for path in Edited().entries if path.startswith("storage/overlay/l/"))
    comparison = against(Edited().remove(link))
    assert [(c.kind, c.state, c.item.key) for c in comparison.different if c.kind == "link"] == [
        ("link", GONE, link.rpartition("/")[2])
    ]


def test_a_moved_tag_leads_elsewhere():
    store = Edited()
    images = store.images()
    holder = next(image for image in images if API in image["names"])
    other = next(image for image in images if image is not holder)
    holder["names"].remove(API)
    other["names"].append(API)
    comparison = against(store.write_images(images))
    [change] = comparison.of("name", "changed")
    assert [(f.name, f.before, f.after) for f in change.facts] == [("image", holder["id"], other["id"])]
    assert states(comparison) == [("name", "changed")]


def test_a_new_tag():
    store = Edited()
    images = store.images()
    images[0]["names"].append("quay.example.test/new:1")
    comparison = against(store.write_images(images))
    assert [(c.kind, c.state, c.item.key, c.item.owner) for c in comparison.different] == [
        ("name", NEW, "quay.example.test/new:1", images[0]["id"])
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [("parent", "f" * 64), ("diff-digest", "sha256:" + "1" * 64), ("diff-size", 5), ("flags", {"incomplete": True})],
)
def test_a_changed_layer_record_says_what_changed(field, value):
    store = Edited()
    layers = store.layers()
    target = next(layer for layer in layers if layer.get("parent"))
    before = target.get(field, "")
    target[field] = value
    [change] = against(store.write_layers(layers)).of("layer", "changed")
    [fact] = change.facts
    assert change.item.key == target["id"]
    assert fact.name == field
    if not isinstance(value, dict):
        assert (fact.before, fact.after) == (str(before), str(value))
    else:
        assert json.loads(fact.after) == value


def diff_file(store: Edited) -> str:
    """Return a file with content of a read-only layer."""
    return next(p for p, (m, data) in store.entries.items() if "/diff/etc/" in p and m.kind == "file" and data)


@pytest.mark.parametrize("what", ["content", "size", "mode", "kind", "gone", "new", "touched"])
def test_a_file_of_a_layer(what):
    store = Edited()
    path = diff_file(store)
    member, data = store.entries[path]
    if what == "content":
        store.write(path, bytes(byte ^ 1 for byte in data))
        wanted = {"content"}
    elif what == "size":
        store.write(path, data + b"x")
        wanted = {"content", "size"}
    elif what == "mode":
        store.change(path, mode=member.mode ^ 0o111)
        wanted = {"mode"}
    elif what == "kind":
        store.remove(path).symlink(path, "elsewhere")
        wanted = {"kind"}
    elif what == "touched":
        store.change(path, mtime_ns=member.mtime_ns + 5 * 10**9)
        wanted = {"written"}
    elif what == "gone":
        store.remove(path)
    else:
        path += ".new"
        store.write(path, b"planted")
    comparison = against(store)
    [change] = [c for c in comparison.different if c.kind == "file"]
    assert change.item.path == path
    assert change.item.owner == path.split("/")[2]
    if what in (GONE, NEW):
        assert change.state == what
    else:
        assert {fact.name for fact in change.facts} == wanted
    assert comparison.files == sum(c.state == SAME for c in compare_all_files(store))
    assert states(comparison, "file") == []


def compare_all_files(store: Edited):
    """Yield, by hand, whether each file below a diff directory is as in the untouched bundle."""
    before = Edited().entries

    class Row:
        def __init__(self, state):
            self.state = state

    for path, (member, data) in store.entries.items():
        if "/diff/" not in path or not path.startswith("storage/overlay/"):
            continue
        old = before.get(path)
        facts = [
            (m.kind, m.mode, m.uid, m.gid, m.link, m.rdev, m.mtime_ns if m.kind == "file" else 0, d)
            for m, d in filter(None, (old, (member, data)))
        ]
        yield Row(SAME if len(facts) == 2 and facts[0] == facts[1] else "other")


def test_image_data_of_another_content():
    store = Edited()
    image = store.image_named(API)["id"]
    path = f"storage/overlay-images/{image}/manifest"
    store.write(path, store.data(path) + b" ")
    [change] = against(store).of("image-data", "changed")
    assert change.item.key == f"{image}/manifest"
    size = len(Edited().data(path))
    assert ("size", str(size), str(size + 1)) in [(f.name, f.before, f.after) for f in change.facts]


# what one capture does not show


def without_content(store: Edited) -> Edited:
    for path in [p for p in store.entries if "/diff/" in p]:
        del store.entries[path]
    return store


def records_only(store: Edited) -> Edited:
    store.entries = {p: e for p, e in store.entries.items() if p.endswith(".json") and p.count("/") == 2}
    return store


def test_files_that_a_capture_left_out_are_not_gone():
    for comparison in (against(without_content(Edited())), against(Edited(), without_content(Edited()))):
        assert comparison.different == ()
        assert [gap.kind for gap in comparison.gaps] == ["file"]
        assert comparison.files == 0


def test_a_capture_of_records_says_nothing_of_directories():
    comparison = against(records_only(Edited()))
    assert states(comparison) == []
    for kind in ("directory", "link", "image-data", "layer-data"):
        assert {c.state for c in comparison.of(kind)} == {NOT_SEEN}
        assert {c.unseen for c in comparison.of(kind)} == {"b"}
        assert all(c.because for c in comparison.of(kind))
    assert {c.state for kind in RECORDS for c in comparison.of(kind)} == {SAME}


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_what_lies_after_a_cut_is_not_gone(at):
    store = Edited()
    kept = int(len(store.entries) * at)
    store.entries = dict(itertools.islice(store.entries.items(), kept))
    store.losses.append(Loss("the archive ends here", "bundle"))
    comparison = against(store)
    assert not [c for c in comparison.different if c.state == GONE]
    mirrored = compare(comparison.b, comparison.a)
    assert not [c for c in mirrored.different if c.state == NEW]


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"\0" * len(data), lambda data: b""]
)
def test_records_of_a_damaged_index_are_not_called_gone(damage):
    store = Edited()
    path = RECORDS["layer"]
    store.write(path, damage(store.data(path)))
    comparison = against(store)
    assert comparison.of("layer", GONE) == ()
    assert comparison.of("layer", NOT_SEEN)
    assert {c.because for c in comparison.of("layer", NOT_SEEN)}.pop().startswith(path)
    [index] = comparison.of("index", "changed")
    assert index.item.path == path
    assert path in {c.item.path for account in comparison.accounts for c in account.changes}


def test_a_store_that_one_capture_does_not_hold():
    two = joined(Edited(), moved(Edited("podman-list"), "storage", "home/u/.local/share/containers/storage"))
    comparison = compare(report_of(two), report_of(Edited()))
    assert comparison.different == ()
    images = {c.item.key for c in comparison.of("image", NOT_SEEN)}
    assert images == {image["id"] for image in Edited("podman-list").images()}
    assert {c.because for c in comparison.of("image", NOT_SEEN)} == {"the bundle does not hold this store"}
    assert {c.state for c in comparison.of("finding")} <= {SAME, NOT_SEEN}


def test_device_nodes_that_a_capture_cannot_keep_are_not_gone():
    before = Edited()
    every = [p for p, (m, _) in before.entries.items() if m.kind in ("char", "block")]
    nodes = [p for p in every if "/diff/" in p]
    after = Edited()
    for path in every:
        after.remove(path)
    comparison = against(after)
    unseen = {c.item.path for c in comparison.of("file", NOT_SEEN)}
    assert unseen
    assert unseen <= set(nodes)
    assert comparison.of("file", GONE) == ()
    gone = unseen.pop()
    one = against(Edited().remove(gone))
    assert [c.item.path for c in one.of("file", GONE)] == [gone]


def test_owners_and_attributes_are_compared_only_where_both_captures_keep_them():
    plain = Edited()
    for path in plain.entries:
        plain.change(path, uid=0, gid=0, xattrs={})
    assert [c for c in against(plain).different if c.kind == "file"] == []
    path = diff_file(Edited())
    [change] = against(Edited().change(path, uid=4711)).of("file", "changed")
    assert [(f.name, f.after.partition(":")[0]) for f in change.facts] == [("owner", "4711")]


def test_quick_reads_no_contents():
    quick = judge(Edited().snapshot("quick"))
    comparison = compare(quick, report_of(Edited()))
    assert comparison.different == ()
    assert {(g.kind, g.side) for g in comparison.gaps} == {("file", "a")}


# findings and causes


@pytest.mark.parametrize("name", [c["name"] for g, c, _ in cases() if g == "bundles"])
def test_a_new_cause_comes_with_the_change_that_the_truth_names(name, healthy):
    case = next(c for g, c, _ in cases() if g == "bundles" and c["name"] == name)
    comparison = compare(healthy, analyze(BUNDLES / case["bundle"]))
    if not (comparison.same_store and case.get("faults")):
        return
    new = [a for a in comparison.accounts if a.cause.state == NEW]
    assert new, "a damaged copy of the store has a cause that the store did not have"
    assert all(account.changes for account in new)
    told = [c for account in new for c in account.changes]
    subjects = [
        {"id": owner, "path": path, "names": [c.item.name]}
        for c in told
        for owner in (c.item.owner, c.item.key)
        for path in (c.item.path, *(f"{c.item.path}/{fact.name}" for fact in c.facts))
    ]
    wanted = case["expected_top_subject"]
    assert any(is_subject(subject, wanted) for subject in subjects), wanted


def test_layers_that_nothing_uses_any_more_are_told_with_the_image_that_went():
    comparison = compare(report_of(Edited()), analyze(BUNDLES / "orphan-layer-dir.tar.zst"))
    [account] = comparison.accounts
    told = {(c.kind, c.state, c.item.name) for c in account.changes if c.kind != "layer"}
    assert told == {("image", GONE, "quay.example.test/ops/logship:3.1"), ("container", GONE, "log1")}


def test_a_repaired_store_has_lost_its_cause_with_the_change_that_mended_it(healthy):
    comparison = compare(analyze(BUNDLES / "parent-record-missing.tar.zst"), healthy)
    [account] = comparison.accounts
    assert (account.cause.state, [(c.kind, c.state) for c in account.changes]) == (GONE, [("layer", NEW)])


def test_a_finding_that_could_not_be_looked_for_is_not_gone():
    edited = analyze(BUNDLES / "base-file-edited.tar.zst")
    blind = report_of(without_content(Edited("base-file-edited")))
    for comparison, side in ((compare(edited, blind), "b"), (compare(blind, edited), "a")):
        [finding], [cause] = (
            [change for change in comparison.of(kind) if change.state != SAME] for kind in ("finding", "cause")
        )
        assert (finding.state, finding.unseen) == (cause.state, cause.unseen) == (NOT_SEEN, side)
        assert "TSP" in finding.item.name
        assert finding.because == cause.because != ""


def test_the_same_finding_with_another_severity_changed(healthy):
    report = analyze(BUNDLES / "local-list-no-instance-arm64.tar.zst")
    assert {c.state for c in compare(report, report).of("cause")} == {SAME}
    other = analyze(BUNDLES / "local-list-no-instance-arm64.tar.zst", platform="linux/amd64")
    comparison = compare(report, other)
    worst = {side: max(RANK[f.severity] for f in getattr(comparison, side).findings) for side in "ab"}
    changed = [f.name for c in comparison.of("finding", "changed") for f in c.facts]
    assert ("severity" in changed) == (worst["a"] != worst["b"]) or comparison.of("finding", GONE)


# one store or two


def test_links_drawn_anew_are_another_store():
    store = Edited()
    names = {}
    for path in [p for p in store.entries if p.startswith("storage/overlay/l/")]:
        old = path.rpartition("/")[2]
        names[old] = old[1:] + old[0] if old[0] != old[1] or len(set(old)) > 1 else "A" * 26
        target = store.entries[path][0].link
        store.remove(path).symlink(f"storage/overlay/l/{names[old]}", target)
    for path in list(store.entries):
        if path.endswith(("/link", "/lower")) and path.count("/") == 3:
            text = store.text(path)
            for old, new in names.items():
                text = text.replace(old, new)
            store.write(path, text)
    store.write_containers([])
    for path in ("volatile-containers.json",):
        for known in [p for p in store.entries if p.endswith(path)]:
            store.write_records(known, [])
    assert against(store).same_store is False


def test_stores_without_a_layer_in_common_cannot_be_told(healthy):
    assert compare(healthy, report_of(Edited("podman-list"))).same_store is None


# properties


def removable(store: Edited):
    """Return paths whose removal leaves a store behind."""
    return sorted(p for p in store.entries if p.count("/") >= 2 and not p.endswith(".json"))


PATHS = removable(Edited())
DAMAGES = st.lists(
    st.tuples(st.sampled_from(["remove", "empty", "flip", "rename"]), st.sampled_from(PATHS)), max_size=4
)


def damaged(steps) -> Edited:
    store = Edited()
    for step, path in steps:
        if path not in store.entries:
            continue
        member, data = store.entries[path]
        if step == "remove":
            store.remove(path)
        elif step == "rename":
            moving = copy.copy(member)
            moving.path = path + "x"
            store.entries[path + "x"] = (moving, data)
            del store.entries[path]
        elif member.kind == "file":
            store.write(path, b"" if step == "empty" else data[:-1] + bytes([(data or b"\0")[-1] ^ 1]))
    return store


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(DAMAGES, DAMAGES)
def test_the_other_way_round_is_the_mirror(first, second):
    a, b = report_of(damaged(first)), report_of(damaged(second))
    there, back = compare(a, b), compare(b, a)
    mirrored = {(c.kind, c.item.key, c.store): c for c in (each.mirrored() for each in back.changes)}
    assert len(mirrored) == len(there.changes)
    for change in there.changes:
        twin = mirrored[change.kind, change.item.key, change.store]
        assert (twin.state, twin.facts, twin.before, twin.after) == (
            change.state,
            change.facts,
            change.before,
            change.after,
        )
        assert (twin.unseen, twin.because) == (change.unseen, change.because)
    assert (there.same_store, there.files) == (back.same_store, back.files)
    fates = {(a.cause.state, a.cause.item.key): {c.item.path for c in a.changes} for a in there.accounts}
    turned = {(a.cause.mirrored().state, a.cause.item.key): {c.item.path for c in a.changes} for a in back.accounts}
    assert fates.keys() == turned.keys()
    if first == second:
        assert there.different == ()


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(DAMAGES)
def test_counts_add_up_to_what_each_capture_holds(steps):
    a, b = report_of(Edited()), report_of(damaged(steps))
    comparison = compare(a, b)
    for side, absent in ((a, NEW), (b, GONE)):
        for kind in RECORDS:
            held = sum(len(getattr(rel, f"{kind}s")) for rel in side.relations)
            own = [c for c in comparison.of(kind) if (c.before if side is a else c.after) is not None]
            assert len(own) == held
            assert not [c for c in own if c.state == absent]
        assert sum(c.before is not None if side is a else c.after is not None for c in comparison.of("cause")) == len(
            {(c.id, c.hypothesis.subjects[0].key) for c in side.causes}
        )
    for change in comparison.changes:
        assert (change.before is None) == (change.state == NEW or (change.state == NOT_SEEN and change.unseen == "a"))
        assert (change.after is None) == (change.state == GONE or (change.state == NOT_SEEN and change.unseen == "b"))
        assert bool(change.facts) == (change.state == "changed")
        assert change.state in DIFFERENT or change.state in (SAME, NOT_SEEN)
