"""Three hundred captures with a planted cause: what a batch finds is what was planted, whatever ends it in between."""

from __future__ import annotations

import collections
import gc
import hashlib
import json
import tracemalloc

import pytest
from msgspec.structs import replace
from scipy.stats import fisher_exact

from analyzer.fleet.batch import Batch, BatchOptions
from analyzer.fleet.task import Task
from analyzer.fleet.template import WORN
from analyzer.fleet.worker import work
from samples.fleet import (
    BROKEN,
    COMMON,
    COMMON_FAMILY,
    ENGINES,
    HEALTHY,
    OTHER,
    POWER_CUT,
    SICK_KERNEL,
    SPREAD,
    WORKER,
    make,
)
from tests.editing import BUNDLES
from tests.fleet.generated import (
    NODES,
    batch,
    finished,
    local_run,
    reports,
    rows,
    running,
    tables,
    wait_for,
    whole_fleet,
)
from tests.truth import cases, is_subject

FAILURES = {"text": "unreadable", "empty": "unreadable", "garbage": "unreadable", "no-store": "no-store"}
"""Kinds of broken captures that have no report; a cut one has."""
HARMLESS = "l-symlink-missing"
PLATFORMS = {"amd64": "linux/amd64", "arm64": "linux/arm64/v8"}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    return whole_fleet(tmp_path_factory)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return local_run(tmp_path_factory)


@pytest.fixture(scope="module")
def truth(fleet):
    return {node.name: node for node in fleet[1]}


@pytest.fixture(scope="module")
def by_node(out):
    return {row["node"]: row for row in rows(out, "nodes")}


def of(truth, *states):
    return {name: node for name, node in truth.items() if node.state in states}


# the generator


def digests(directory):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()}


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    first, again, other = make(tmp_path / "a", 25), make(tmp_path / "b", 25), make(tmp_path / "c", 25, seed=2)
    assert first == again != other
    assert digests(tmp_path / "a") == digests(tmp_path / "b") != digests(tmp_path / "c")


def test_the_shares_are_as_planted(truth):
    counts = collections.Counter(node.state for node in truth.values())
    assert counts == {COMMON: 60, OTHER: 15, BROKEN: 6, HEALTHY: 219}
    sick, rest = of(truth, COMMON).values(), of(truth, HEALTHY).values()
    assert sum(node.kernel == SICK_KERNEL for node in sick) == 60
    assert sum(node.kernel == SICK_KERNEL for node in rest) == 12
    assert sum(WORKER in node.images for node in sick) == 60
    assert sum(WORKER in node.images for node in rest) == len([n for n in rest if WORKER in n.images]) <= 30
    for group in (sick, rest):  # dealt out in turn: a third each
        assert collections.Counter(node.engine for node in group) == dict.fromkeys(ENGINES, len(group) // 3)


def test_no_two_captures_are_the_same(fleet):
    directory, nodes = fleet
    assert len(set(digests(directory).values())) == len(nodes) == NODES


# every node


def test_healthy_nodes_are_called_healthy(truth, by_node):
    healthy = of(truth, HEALTHY)
    assert {name: by_node[name]["verdict"] for name in healthy} == dict.fromkeys(healthy, "healthy")
    assert [by_node[name]["first_cause"] or "" for name in healthy] == [""] * len(healthy)


def test_nodes_with_the_planted_cause_have_it_first_and_nobody_else_has_it(truth, by_node, out):
    common = of(truth, COMMON)
    first = {row["node"]: row for row in rows(out, "causes") if row["rank"] == 1 and row["severity"] != "info"}
    assert {name: (first[name]["cause"], first[name]["subject"]) for name in common} == {
        name: (COMMON_FAMILY, node.subject) for name, node in common.items()
    }
    assert {row["node"] for row in rows(out, "causes") if row["cause"] == COMMON_FAMILY} == common.keys()
    assert {by_node[name]["verdict"] for name in common} == {"damaged"}


def test_nodes_with_another_fault_have_its_subject_first(truth, out):
    known = {case["name"]: case for _, case, _ in cases()}
    first = {row["node"]: row for row in rows(out, "causes") if row["rank"] == 1}
    for name, node in of(truth, OTHER).items():
        case = known[node.damage]
        wanted = [case["expected_top_subject"], *case.get("accept_top", [])]
        subject = {"id": first[name]["subject"], "path": first[name]["path"], "names": []}
        named = {row["id"] for row in rows(out, "images") if row["node"] == name and set(row["names"]) & set(wanted)}
        assert subject["id"] in named or any(is_subject(subject, want) for want in wanted), (node.damage, subject)


def test_broken_captures_are_rows_with_a_reason(truth, by_node):
    for name, node in of(truth, BROKEN).items():
        row = by_node[name]
        if node.damage == "cut":
            assert (row["status"], row["verdict"], row["complete"]) == ("done", "undetermined", False)
            assert row["thin"]
        else:
            assert (row["status"], row["failure"]) == ("failed", FAILURES[node.damage])
            assert node.file in row["reason"]
    assert {name for name, row in by_node.items() if row["status"] == "failed"} == {
        name for name, node in of(truth, BROKEN).items() if node.damage != "cut"
    }


def test_facts_of_nodes_are_those_that_were_planted(truth, out):
    facts = collections.defaultdict(set)
    for row in rows(out, "facts"):
        facts[row["node"], row["kind"]].add(row["value"])
    for name, node in of(truth, HEALTHY, COMMON).items():
        assert facts[name, "kernel"] == {node.kernel}
        assert facts[name, "crio"] == {node.engine}
        assert facts[name, "platform"] == {PLATFORMS[node.architecture]}
        if node.store != "shared":  # its additional store holds more
            assert facts[name, "image"] == set(node.images)
            assert facts[name, "base"] == set(node.bases)


def test_times_of_the_planted_cause(truth, out):
    """Each node lost power some seconds after the one before: the files say when."""
    found = {row["node"]: row["last"].timestamp() for row in rows(out, "causes") if row["cause"] == COMMON_FAMILY}
    assert found == {name: node.time for name, node in of(truth, COMMON).items()}
    assert min(found.values()) == POWER_CUT
    assert max(found.values()) == POWER_CUT + SPREAD * (len(found) - 1)


# what the fleet has in common


@pytest.fixture(scope="module")
def document(out):
    return json.loads((out / "fleet.json").read_text())


def test_verdicts_are_counted(truth, document):
    """A lost short link is no damage: engines make it anew."""
    harmless = [node for node in truth.values() if node.damage == HARMLESS]
    assert len(harmless) == 1
    expected = {"total": NODES, "healthy": 219, "damaged": 60 + 14, "advisory": 1, "undetermined": 2, "failed": 4}
    assert {name: document["nodes"][name] for name in expected} == expected
    assert {each["node"] for each in document["thin"]} == {name for name, node in truth.items() if node.thin}
    assert {each["node"] for each in document["failed"]} == {
        name for name, node in truth.items() if node.damage in FAILURES
    }


def test_the_planted_cause_comes_first_with_its_nodes_and_times(truth, document):
    first = document["causes"][0]
    assert (first["cause"], first["nodes"], first["damaged"], first["heals"]) == (COMMON_FAMILY, 60, 60, 60)
    assert document["action"]["cause"] == COMMON_FAMILY
    common = of(truth, COMMON)
    subjects = collections.Counter(node.subject for node in common.values())
    assert {each["subject"]: each["nodes"] for each in first["objects"]} == subjects
    assert document["causes"][1]["damaged"] == 3  # a record of a layer that is gone, in three ways


def test_what_sick_nodes_share_is_what_was_planted_and_nothing_else(truth, document):
    """Numbers and chances are worked out again from the truth, by scipy's test: sick nodes and those without damage."""
    sides = (COMMON, HEALTHY)
    compared = {
        n: node for n, node in truth.items() if (node.state in sides or node.damage == HARMLESS) and not node.thin
    }
    sick = {name for name, node in compared.items() if node.state == COMMON}
    facts = collections.defaultdict(set)
    for name, node in compared.items():
        for kind, values in facts_of(node):
            for value in values:
                facts[kind, value].add(name)
    expected, chances = {}, {}
    for fact, holders in facts.items():
        both, all_sick, all_of = len(holders & sick), len(sick), len(compared)
        table = [[both, all_sick - both], [len(holders) - both, all_of - all_sick - len(holders) + both]]
        chances[fact] = fisher_exact(table, alternative="greater").pvalue
        if chances[fact] * len(facts) <= 0.01:  # Bonferroni: no method that corrects finds less
            expected[fact] = (both, all_sick, len(holders) - both, all_of - all_sick)
    assert expected.keys() == {("image", WORKER), ("kernel", SICK_KERNEL)}
    found = document["causes"][0]["compared"]
    assert (found["sick"], found["others"], found["more"]) == (len(sick), len(compared) - len(sick), 0)
    assert found["left_out"] == len([n for n in of(truth, OTHER).values() if n.damage != HARMLESS and not n.thin])
    shared = {(row["kind"], row["value"]): row for row in found["shared"]}
    assert {fact: numbers(row) for fact, row in shared.items()} == expected
    for fact, row in shared.items():
        assert row["p"] == pytest.approx(chances[fact], rel=1e-6)
        assert row["p"] < row["p_corrected"] <= 0.01
        assert row["alike"] == []
    for cause in document["causes"][1:]:  # on so few nodes something is shared by chance
        assert cause["compared"]["small"]
        assert cause["compared"]["shared"] == []


def facts_of(node):
    """Return what a node shows, as kinds and values."""
    return (
        ("kernel", {node.kernel}),
        ("crio", {node.engine}),
        ("platform", {PLATFORMS[node.architecture]}),
        ("image", set(node.images)),
        ("base", set(node.bases)),
    )


def numbers(row):
    return row["sick_with"], row["sick"], row["others_with"], row["others"]


# resuming


def stamps(place):
    """Return what changes whenever a report is written: its inode and its time."""
    return {name: (path.stat().st_ino, path.stat().st_mtime_ns) for name, path in reports(place).items()}


def test_kill_9_loses_nothing_that_is_finished(fleet, out, tmp_path):
    captures, nodes = fleet
    half = tmp_path / "out"
    with running([captures], half, "--jobs", "2") as process:
        wait_for(lambda: len(reports(half)) >= NODES // 3)
        process.kill()
        process.wait()
    done = finished(half)
    assert NODES // 3 <= len(done) < NODES
    before = {name: path.stat() for name, path in reports(half).items() if name in done}
    batch([captures], half, "--jobs", "2")
    after = {name: path.stat() for name, path in reports(half).items()}
    again = {
        n for n, info in before.items() if (info.st_ino, info.st_mtime_ns) != (after[n].st_ino, after[n].st_mtime_ns)
    }
    assert again == set()  # a report that is written has a new inode and a new time
    assert finished(half) == {node.name for node in nodes}
    ours, theirs = tables(half), tables(out)
    for name, expected in theirs.items():
        assert ours[name] == expected, name


def test_a_second_run_does_nothing(fleet, out, tmp_path):
    some = sorted(fleet[0].iterdir())[:30]
    batch(some, tmp_path / "out", "--jobs", "2")
    before = stamps(tmp_path / "out")
    runs = rows(tmp_path / "out", "runs")
    batch(some, tmp_path / "out", "--jobs", "2")
    assert stamps(tmp_path / "out") == before
    assert rows(tmp_path / "out", "runs") == runs


# memory


class Replay:
    """An executor that has one answer for every task, each with a content of its own, and counts memory as it goes."""

    def __init__(self, outcome, counted):
        self.outcome, self.counted = outcome, counted
        self.held = {}

    def run(self, tasks):
        for number, task in enumerate(tasks):
            if number in self.counted:
                gc.collect()
                self.held[number] = tracemalloc.get_traced_memory()[0]
            content = hashlib.sha256(task.key.encode()).hexdigest()
            yield replace(self.outcome, key=task.key, sha256=content)


def test_the_parent_holds_nothing_of_a_finished_bundle(tmp_path):
    """Counted, not weighed: what Python holds after 300 bundles more. SQLite's cache has a bound of its own."""
    outcome = work(Task("0" * 32, "one", str(BUNDLES / "podman-list.tar.zst")))
    executor = Replay(outcome, (100, 400))
    made = Batch([f"{tmp_path}/none/node-{number}.tar" for number in range(401)], str(tmp_path / "out"), BatchOptions())
    tracemalloc.start()
    try:
        made.run(executor)
    finally:
        tracemalloc.stop()
        made.close()
    assert len(outcome.payload) > 4000
    assert executor.held[400] - executor.held[100] < 300 * 500


def test_a_bundle_is_held_in_memory_by_its_worker_only(out):
    """Peaks of the workers do not add up: one that has grown gives way to another, however many bundles there are."""
    peaks = [row["peak"] for row in rows(out, "runs") if row["peak"]]
    assert len(peaks) >= NODES - 10
    one_bundle = 32 << 20  # a capture of some tens of kilobytes, as read and judged
    assert max(peaks) < min(peaks) + WORN + one_bundle
