"""`analyzer batch` as a user runs it: results, going on, and what ends one bundle but not the rest."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from analyzer.cli.batch import progress_line
from analyzer.errors import OutputError, UsageError
from analyzer.fleet.batch import Batch, BatchOptions, Counts, node_names
from analyzer.fleet.checkpoint import MOVED, Checkpoint
from analyzer.fleet.executor import LocalPool
from analyzer.fleet.files import report_names
from analyzer.fleet.results import Results, analyze_many
from analyzer.fleet.schema import TABLES
from analyzer.fleet.task import Outcome, Task
from analyzer.limits import Limits
from analyzer.source.locations import within
from tests.editing import BUNDLES
from tests.effort import LONG
from tests.truth import cases

ROOT = pathlib.Path(__file__).parent.parent.parent
HEALTHY, DAMAGED, LIST = "healthy-overlay", "layer-dir-removed", "podman-list"


@pytest.fixture
def captures(tmp_path):
    """Return a directory with a healthy, a damaged and a broken capture."""
    place = tmp_path / "captures"
    place.mkdir()
    for name in (HEALTHY, DAMAGED):
        shutil.copy(BUNDLES / f"{name}.tar.zst", place)
    (place / "broken.tar").write_text("no tar at all\n" * 100)
    return place


def run(*words, cwd=None, **more):
    command = [sys.executable, "-m", "analyzer", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd or ROOT, **more)


def batch(place, out, **options):
    """Run a batch here and return how far it came."""
    made = Batch([str(place)], str(out), BatchOptions(timeout=LONG, memory=1 << 30, **options))
    pool = LocalPool(2)
    try:
        made.run(pool)
    finally:
        pool.close()
        made.close()
    return made.counts


def done(counts):
    return counts.kept, counts.done, counts.failed


def nodes(out):
    return Results(out).table("nodes").set_index("node")


def everything(out):
    """Return every table that depends on bundles alone, as lists of rows."""
    return {name: Results(out).table(name).to_csv() for name in TABLES if name != "runs"}


def test_a_limit_of_the_reader_holds_in_every_worker_and_makes_another_result(captures, tmp_path):
    whole = captures / f"{HEALTHY}.tar.zst"
    assert done(batch(whole, tmp_path / "out")) == (0, 1, 0)
    assert done(batch(whole, tmp_path / "out", limits=Limits(members=40))) == (0, 1, 0)
    (row,) = nodes(tmp_path / "out").to_dict("records")
    assert row["verdict"] == "undetermined"
    report = json.loads(next((tmp_path / "out" / "reports").iterdir()).read_text())
    assert "limit members=40" in report["coverage"]["losses"][0]["what"]
    assert done(batch(whole, tmp_path / "out", limits=Limits(members=40))) == (1, 0, 0)


def test_what_a_user_sees(captures, tmp_path, valid):
    out = tmp_path / "out"
    told = run("batch", captures, "-o", out, "--jobs", "2")
    assert told.returncode == 1, told.stderr
    assert told.stderr == ""
    assert told.stdout.startswith("1 OF 3 NODES DAMAGED: Its cause: layer-directory-removed.\n")
    assert "1 healthy, 1 damaged, 1 without a report" in told.stdout
    assert "no report: broken (unreadable)" in told.stdout
    assert sorted(p.name for p in (out / "reports").iterdir()) == [f"{HEALTHY}.json", f"{DAMAGED}.json"]
    for name in (HEALTHY, DAMAGED):
        report = valid(json.loads((out / "reports" / f"{name}.json").read_text()))
        alone = json.loads(run("report", captures / f"{name}.tar.zst", "--format", "json", "--hash").stdout)
        assert report == alone
    assert {p.name for p in out.iterdir()} == {
        "dataset", "fleet.html", "fleet.json", "fleet.md", "reports", "state.sqlite",
    }  # fmt: skip
    assert sorted(p.name for p in captures.iterdir()) == ["broken.tar", f"{HEALTHY}.tar.zst", f"{DAMAGED}.tar.zst"]


def test_pages_of_the_nodes_are_those_of_the_report(captures, tmp_path):
    out = tmp_path / "out"
    shutil.copy(captures / f"{DAMAGED}.tar.zst", captures / "twin.tar.zst")
    assert run("batch", captures, "-o", out, "--pages", "--exit-zero").returncode == 0
    for name in (HEALTHY, DAMAGED, "twin"):
        place = str(captures / f"{name}.tar.zst")
        page = run("report", place, "--format", "html", "--hash", "--exit-zero").stdout
        assert (out / "reports" / f"{name}.html").read_text() == page
    linked = set(re.findall(r'href="(reports/[^"]+)"', (out / "fleet.html").read_text()))
    assert linked == {f"reports/{name}.html" for name in (HEALTHY, DAMAGED, "twin")}
    assert run("batch", captures, "-o", out, "--exit-zero").returncode == 0
    assert not list((out / "reports").glob("*.html"))
    assert f'href="reports/{DAMAGED}.json"' in (out / "fleet.html").read_text()


def test_the_dataset_says_what_the_reports_say(tmp_path):
    paths = [str(path) for _, _, path in cases()]
    out = tmp_path / "out"
    results = analyze_many(paths, out, jobs=2)
    tables = {name: results.table(name) for name in TABLES}
    for path in (out / "reports").iterdir():
        report, name = json.loads(path.read_text()), path.name.removesuffix(".json")
        row = tables["nodes"].set_index("node").loc[name]
        assert (row.verdict, row.findings, row.causes) == (
            report["verdict"], len(report["findings"]), len(report["causes"]),
        )  # fmt: skip
        own = {table: frame[frame.node == name] for table, frame in tables.items()}
        assert own["findings"].fingerprint.tolist() == [f["fingerprint"] for f in report["findings"]]
        assert own["causes"].cause.tolist() == [c["id"] for c in report["causes"]]
        assert own["plan"].command.tolist() == [s["command"] for c in report["causes"] for s in c["plan"]]
        assert len(own["images"]) == sum(store["images"] for store in report["stores"])
        assert len(own["layers"]) == sum(store["layers"] for store in report["stores"])
        assert len(own["coverage"][own["coverage"].kind == "skipped"]) == len(report["coverage"]["checks"]["skipped"])
    assert {str(kind) for kind in tables["causes"].dtypes[["first", "last"]]} == {"datetime64[ns, UTC]"}


def test_a_batch_does_without_pandas(captures, tmp_path):
    """Loading it takes longer than all else that a small batch does beside its bundles."""
    code = (
        "import sys; sys.argv = ['analyzer', *sys.argv[1:]]\n"
        "from analyzer.__main__ import main\n"
        "try: main()\n"
        "finally: print('pandas' in sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "batch", str(captures), "-o", str(tmp_path / "out"), "--jobs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stderr.splitlines()[-1] == "False"
    assert nodes(tmp_path / "out").verdict.notna().all()


def test_a_second_run_does_only_what_is_new(captures, tmp_path):
    out = tmp_path / "out"
    assert done(batch(captures, out)) == (0, 2, 1)
    before, stamps = everything(out), {p: p.stat().st_mtime_ns for p in out.rglob("*.parquet")}
    assert done(batch(captures, out)) == (3, 0, 0)
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*.parquet")} == stamps
    shutil.copy(BUNDLES / f"{LIST}.tar.zst", captures)
    assert done(batch(captures, out)) == (3, 1, 0)
    assert set(nodes(out).index) == {HEALTHY, DAMAGED, LIST, "broken"}
    whole = tmp_path / "whole"
    batch(captures, whole)
    assert everything(out) == everything(whole)
    assert everything(out) != before


def test_the_same_content_is_known_under_another_name_and_time(captures, tmp_path):
    out = tmp_path / "out"
    batch(captures, out)
    (captures / f"{DAMAGED}.tar.zst").rename(captures / "node-7.tar.zst")
    os.utime(captures / f"{HEALTHY}.tar.zst", (1, 1))
    spy = Spy()
    made = Batch([str(captures)], str(out), BatchOptions(timeout=LONG, memory=1 << 30))
    made.run(spy)
    made.close()
    assert sorted(outcome.status for outcome in spy.outcomes) == ["same", "same"]
    assert made.counts.left == 1
    row = nodes(out).loc["node-7"]
    assert (row.verdict, row.path, row.report) == ("damaged", str(captures / "node-7.tar.zst"), "node-7.json")
    report = json.loads((out / "reports" / "node-7.json").read_text())
    assert report["bundle"]["path"] == row.path
    assert DAMAGED not in nodes(out).index
    whole = tmp_path / "whole"
    batch(captures, whole)
    assert everything(out) == everything(whole)


class Spy:
    """An executor that works here, and remembers its outcomes."""

    def __init__(self) -> None:
        self.outcomes = []

    def run(self, tasks):
        from analyzer.fleet.worker import work

        for task in tasks:
            self.outcomes.append(work(task))
            yield self.outcomes[-1]

    def close(self) -> None:
        """There is nothing to stop."""


def test_a_name_whose_content_moved_on_while_it_was_recognised(captures, tmp_path):
    """Of two bundles, the first was given other content and the second that of the first."""
    out = tmp_path / "out"
    (captures / "broken.tar").unlink()
    first, second = captures / "a.tar.zst", captures / "b.tar.zst"
    (captures / f"{HEALTHY}.tar.zst").rename(first)
    (captures / f"{DAMAGED}.tar.zst").unlink()
    batch(captures, out)
    size = first.stat().st_size
    shutil.copy(first, second)
    first.write_bytes((BUNDLES / f"{DAMAGED}.tar.zst").read_bytes())
    assert size == second.stat().st_size
    assert done(batch(captures, out)) == (0, 2, 0)
    assert nodes(out).verdict.to_dict() == {"a": "damaged", "b": "healthy"}


def test_changed_content_and_options_are_analysed_again(captures, tmp_path):
    out = tmp_path / "out"
    batch(captures, out)
    shutil.copy(BUNDLES / f"{LIST}.tar.zst", captures / f"{HEALTHY}.tar.zst")
    assert done(batch(captures, out)) == (2, 1, 0)
    assert nodes(out).verdict[HEALTHY] != "healthy"
    assert done(batch(captures, out, depth="quick")) == (0, 2, 1)
    assert set(nodes(out).depth[[HEALTHY, DAMAGED]]) == {"quick"}


def test_a_bundle_that_breaks_loses_its_report(captures, tmp_path):
    out = tmp_path / "out"
    batch(captures, out)
    (captures / f"{DAMAGED}.tar.zst").write_text("gone " * 1000)
    assert done(batch(captures, out)) == (2, 0, 1)
    assert not (out / "reports" / f"{DAMAGED}.json").exists()
    row = nodes(out).loc[DAMAGED]
    assert (row.status, row.failure, row.verdict) == ("failed", "unreadable", "undetermined")
    assert json.loads((out / "fleet.json").read_text())["nodes"]["damaged"] == 0


def test_failures_are_tried_again_when_it_may_help(tmp_path):
    os.mkfifo(tmp_path / "stuck.tar")
    out = tmp_path / "out"
    pool = LocalPool(1)

    def again(**options):
        made = Batch([str(tmp_path / "stuck.tar")], str(out), BatchOptions(memory=1 << 30, **options))
        made.run(pool)
        made.close()
        return done(made.counts)

    try:
        assert again(timeout=1) == (0, 0, 1)
        assert again(timeout=1) == (0, 0, 1)  # nothing tells whether a pipe has changed
    finally:
        pool.close()
    assert nodes(out).failure.tolist() == ["timeout"]


@pytest.mark.parametrize(
    ("failure", "before", "now", "retry", "stays"),
    [
        ("unreadable", {}, {}, False, True),
        ("unreadable", {}, {}, True, False),
        ("no-store", {}, {}, False, True),
        ("input", {}, {}, False, False),
        ("not-seen", {}, {}, False, False),
        ("killed", {}, {}, False, True),
        ("crashed", {}, {}, False, True),
        ("timeout", {"timeout": 10}, {"timeout": 10}, False, True),
        ("timeout", {"timeout": 10}, {"timeout": 5}, False, True),
        ("timeout", {"timeout": 10}, {"timeout": 20}, False, False),
        ("timeout", {"timeout": 10}, {"timeout": 0}, False, False),
        ("memory", {"memory": 1 << 30}, {"memory": 1 << 30}, False, True),
        ("memory", {"memory": 1 << 30}, {"memory": 2 << 30}, False, False),
    ],
)
def test_which_failures_stand(failure, before, now, retry, stays):
    from analyzer.fleet.checkpoint import Known, stands
    from analyzer.fleet.task import Task

    limits = {"timeout": 0, "memory": 0, **before}
    known = Known(1, "failed", failure, "o", "file 1", limits["timeout"], limits["memory"], "")
    task = Task("k", "n", "p", **now)
    assert stands(known, "o", ("file 1", 1), task, retry=retry) == stays
    assert not stands(known, "other", ("file 1", 1), task, retry=retry)
    assert not stands(known, "o", ("file 2", 1), task, retry=retry)
    assert not stands(known, "o", None, task, retry=retry)


def test_a_bundle_is_compared_with_few_others_whatever_the_fleet():
    """Bundles that the run names are no candidates, and of those that an earlier run named only some are."""
    checkpoint = Checkpoint(":memory:")
    names = [(f"{number:032x}", f"node-{number}") for number in range(100)]
    checkpoint.begin(names)
    for number, (key, name) in enumerate(names):
        outcome = Outcome(key, "done", sha256=f"{number:064x}")
        checkpoint.keep(Task(key, name, name), outcome, {}, options="o", identity=(f"file {number}", 7), report="")
    assert checkpoint.contents(names[3][0], 7, "o") == {f"{3:064x}"}
    assert checkpoint.contents(names[3][0], 7, "other") == checkpoint.contents(names[3][0], 8, "o") == set()
    checkpoint.begin(names[:50])
    moved = checkpoint.contents("f" * 32, 7, "o")
    assert len(moved) == MOVED
    assert moved < {f"{number:064x}" for number in range(50, 100)}
    checkpoint.close()


def test_keeping_a_result_costs_the_same_in_a_large_fleet():
    def effort(count):
        checkpoint = Checkpoint(":memory:")
        names = [(f"{number:032x}", f"node-{number}") for number in range(count)]
        checkpoint.begin(names)
        done = 0

        def step():
            nonlocal done
            done += 1

        for number, (key, name) in enumerate(names):
            if number == count - 50:
                checkpoint.db.set_progress_handler(step, 10)
            task, found = Task(key, name, name), (f"file {number}", 7)
            checkpoint.contents(key, 7, "o")
            outcome = Outcome(key, "done", sha256=f"{number:064x}")
            checkpoint.keep(task, outcome, {}, options="o", identity=found, report=f"{name}.json")
        checkpoint.close()
        return done

    assert effort(1_000) < 1.2 * effort(200)


def test_a_full_disk_keeps_what_is_finished(captures, tmp_path):
    out = tmp_path / "out"
    first = Batch([str(captures / f"{HEALTHY}.tar.zst")], str(out), BatchOptions())
    first.run(Spy())
    first.close()
    made = Batch([str(captures)], str(out), BatchOptions())
    made.checkpoint.db.execute("VACUUM")
    pages = made.checkpoint.db.execute("PRAGMA page_count").fetchone()[0]
    made.checkpoint.db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutputError, match=r"is full\); what is finished is kept"):
        made.run(Spy())
    made.close()
    assert OutputError.exit_code not in (0, 1, UsageError.exit_code)
    kept, fresh, failed = done(batch(captures, out))
    assert kept >= 1
    assert (fresh, kept + fresh + failed) == (1, 3)


def test_relative_names_mean_the_same_for_a_worker_elsewhere(captures, tmp_path, monkeypatch):
    monkeypatch.chdir(captures)
    spy = Spy()
    made = Batch([f"{HEALTHY}.tar.zst"], str(tmp_path / "out"), BatchOptions())
    made.run(spy)
    made.close()
    assert nodes(tmp_path / "out").path.tolist() == [str(captures / f"{HEALTHY}.tar.zst")]


def test_an_archive_of_several_nodes_gives_way_to_them(captures, tmp_path, monkeypatch):
    outer = captures / "nodes.tar.gz"
    names = [f"{each}.tar.zst" for each in (HEALTHY, DAMAGED)]
    subprocess.run(["tar", "-czf", outer, "-C", captures, *names], check=True)
    looked = []
    monkeypatch.setattr(
        "analyzer.fleet.batch.bundles_within", lambda path: looked.append(path) or within.bundles_within(path)
    )
    counts = batch(captures, tmp_path / "out")
    assert (counts.total, done(counts)) == (5, (0, 4, 1))
    assert looked == [str(outer)]  # bundles with a store are not opened once more to look for others in them
    found = nodes(tmp_path / "out")
    assert {path.rpartition("!/")[2] for path in found.path} >= set(names)
    assert sorted(found.verdict) == ["damaged", "damaged", "healthy", "healthy", "undetermined"]
    again = batch(captures, tmp_path / "out")
    assert (again.total, done(again), again.left) == (5, (5, 0, 0), 0)


def test_two_runs_do_not_share_a_directory(captures, tmp_path):
    first = Batch([str(captures)], str(tmp_path / "out"), BatchOptions())
    try:
        told = run("batch", captures, "-o", tmp_path / "out")
    finally:
        first.close()
    assert told.returncode == 2
    assert told.stderr.strip() == f"analyzer: {tmp_path / 'out' / 'state.sqlite'}: in use by another run"


def test_a_directory_that_holds_something_else_is_left_alone(captures, tmp_path):
    (tmp_path / "out").mkdir()
    with sqlite3.connect(tmp_path / "out" / "state.sqlite") as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    told = run("batch", captures, "-o", tmp_path / "out")
    assert (told.returncode, "made by something else" in told.stderr) == (2, True)
    (tmp_path / "out" / "state.sqlite").write_text("notes " * 500)
    told = run("batch", captures, "-o", tmp_path / "out")
    assert (told.returncode, "no state of a batch" in told.stderr) == (2, True)
    assert (tmp_path / "out" / "state.sqlite").read_text().startswith("notes ")


def test_a_damaged_state_is_refused_in_one_line(captures, tmp_path):
    """Whichever page is lost, of a table or of an index: SQLite would find most of them only in the middle of a run."""
    path = tmp_path / "state.sqlite"
    state = Checkpoint(str(path))
    state.begin([(f"{number:064x}", f"node-{number}") for number in range(300)])
    state.close()
    sound = path.read_bytes()
    for at in range(4096, len(sound), 4096):
        path.write_bytes(sound[:at] + b"\x55" * 4096 + sound[at + 4096 :])
        with pytest.raises(UsageError, match=r"state\.sqlite: no state of a batch"):
            Checkpoint(str(path))
    run("batch", captures, "-o", tmp_path / "out")
    path = tmp_path / "out" / "state.sqlite"
    path.write_bytes(path.read_bytes()[:-4096])
    told = run("batch", captures, "-o", tmp_path / "out")
    assert (told.returncode, len(told.stderr.splitlines())) == (2, 1)


def test_a_schema_that_is_no_text_is_refused(tmp_path):
    """SQLite quotes it in its error, which Python then cannot decode."""
    path = tmp_path / "state.sqlite"
    Checkpoint(str(path)).close()
    path.write_bytes(path.read_bytes().replace(b'ON "affected" (bundle)', b'ON "\xe1ffected" (bundle)'))
    with pytest.raises(UsageError, match=r"state\.sqlite: no state of a batch"):
        Checkpoint(str(path))


def test_what_is_found_damaged_in_the_middle_of_a_run_is_told(captures, tmp_path, monkeypatch):
    def fails(*_):
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(Checkpoint, "begin", fails)
    with pytest.raises(UsageError, match="the state of an earlier run is damaged"):
        batch(captures, tmp_path / "out")


def test_nothing_is_written_into_the_evidence(tmp_path):
    store = tmp_path / "node" / "storage" / "overlay-layers"
    store.mkdir(parents=True)
    (store / "layers.json").write_text("[]")
    before = sorted(tmp_path.rglob("*"))
    told = run("batch", tmp_path / "node", "-o", tmp_path / "node" / "out")
    assert told.returncode == 2
    assert "would write into the evidence" in told.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_leftovers_of_a_killed_run_are_swept(captures, tmp_path):
    out = tmp_path / "out"
    batch(captures, out)
    (out / "reports" / ".new-abc").write_text("half")
    part = next(out.glob("dataset/nodes/part=*"))
    (part / ".new-abc").write_text("half")
    batch(captures, out)
    assert not list(out.rglob(".new-*"))


def test_without_the_extra_local_files_are_analysed_and_the_dataset_comes_later(captures, tmp_path):
    out, hidden = tmp_path / "out", tmp_path / "hidden"
    hidden.mkdir()
    code = (
        "from importlib.machinery import PathFinder\n"
        "found = PathFinder.find_spec\n"
        "def find(name, path=None, target=None):\n"
        "    return None if name in ('pyarrow', 'duckdb', 'fsspec') else found(name, path, target)\n"
        "PathFinder.find_spec = find\n"
    )
    (hidden / "sitecustomize.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(hidden)}
    told = run("batch", captures, "-o", out, env=environment)
    assert told.returncode == 1, told.stderr
    assert told.stderr.startswith("analyzer: no dataset was written: pip install 'containers-storage-analyzer[fleet]'")
    assert (out / "fleet.html").is_file()
    assert not (out / "dataset").exists()
    for words in (("batch", "s3://bucket/x.tar", "-o", out), ("fleet", "query", "-d", out, "SELECT 1")):
        told = run(*words, env=environment)
        assert told.returncode == 2
        assert "pip install 'containers-storage-analyzer[fleet]'" in told.stderr
        assert told.stderr.count("\n") == 1
    told = run("batch", captures, "-o", out)
    assert told.stderr == ""
    assert len(nodes(out)) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--memory", "1M"], "at least 256 MiB"),
        (["--memory", "much"], "expected a size"),
        (["--timeout", "soon"], "expected a time"),
        (["--platform", "arm64"], "expected os/architecture"),
        (["--engine", "docker@1"], "expected cri-o or podman"),
        (["--jobs", "0"], "0 is not in the range"),
    ],
)
def test_options_that_cannot_be(captures, tmp_path, words, said):
    told = run("batch", captures, "-o", tmp_path / "out", *words)
    assert told.returncode == 2
    assert said in told.stderr
    assert not (tmp_path / "out").exists()


def test_patterns_that_fit_nothing(tmp_path):
    told = run("batch", f"{tmp_path}/*.tar", "-o", tmp_path / "out")
    assert (told.returncode, told.stderr) == (2, f"analyzer: '{tmp_path}/*.tar' fits no file\n")
    with pytest.raises(UsageError, match="no bundle"):
        Batch([], str(tmp_path / "out"), BatchOptions())


def test_exit_codes(captures, tmp_path):
    def code(*words):
        return run("batch", *words).returncode

    assert code(captures, "-o", tmp_path / "a", "--exit-zero") == 0
    assert code(captures / f"{HEALTHY}.tar.zst", "-o", tmp_path / "b") == 0
    assert code(captures / "broken.tar", "-o", tmp_path / "c") == 3
    assert code(captures / "broken.tar", captures / f"{HEALTHY}.tar.zst", "-o", tmp_path / "d") == 4


def test_progress_tells_how_far_it_is_and_how_long_it_takes():
    counts = Counts(total=100, kept=20, done=18, failed=2, damaged=5)
    assert progress_line(counts, 40) == ("40 of 100 bundles (20 from an earlier run), 5 damaged, 2 failed, 2 min left")
    assert progress_line(Counts(total=3, done=1), 20) == "1 of 3 bundles, 0 damaged, 0 failed, 40 s left"
    assert progress_line(Counts(total=3, done=3), 20) == "3 of 3 bundles, 0 damaged, 0 failed"


def test_names_of_nodes_are_unique():
    assert node_names(["/a/n.tar", "/b/m.tar.zst"], ["0" * 32, "1" * 32]) == ["n", "m"]
    same = node_names(["/a/n\udc80.tar", "/a/n\\x80.tar"], ["0" * 32, "1" * 32])
    assert len(set(same)) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_an_interruption_keeps_what_is_finished(captures, tmp_path):
    os.mkfifo(tmp_path / "stuck.tar")
    out = tmp_path / "out"
    words = [str(captures), str(tmp_path / "stuck.tar"), "-o", str(out), "--jobs", "1"]
    heard = ["env", "--default-signal=INT"]  # a job in a shell's background ignores it
    command = [*heard, sys.executable, "-m", "analyzer", "batch", *words]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + LONG
    while len(list((out / "reports").glob("*.json"))) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    said, told = running.communicate(timeout=LONG)
    assert running.returncode == 130
    assert said == ""
    first, second = told.splitlines()
    kept = int(re.fullmatch(r"analyzer: (\d) of 4 bundles are finished and kept; the same command goes on", first)[1])
    assert kept in (2, 3)  # a report is written before its bundle counts
    assert second == "analyzer: interrupted"
    assert done(batch(captures, out)) == (kept, 3 - kept, 0)


def test_file_names_of_reports_are_harmless():
    for name in ("../../etc/passwd", "a/b", ".hidden", "-rf", "", "x" * 300, "\x1b[2J", "日本", "con\n"):
        for made in report_names(name, "0123456789abcdef" * 2):
            assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.json", made)
            assert len(made) < 130
    assert report_names("node-1.example", "0" * 32)[0] == "node-1.example.json"
    assert report_names("日本", "1" * 32) != report_names("中国", "2" * 32)


def test_a_configuration_steers_a_batch_unless_it_is_evidence(captures, tmp_path):
    store = tmp_path / "node" / "storage" / "overlay-layers"
    store.mkdir(parents=True)
    (store / "layers.json").write_text("[]")
    text = "[options]\nfail-on = 'critical'\n"
    (tmp_path / "analyzer.toml").write_text(text)
    told = run("batch", captures, "-o", "out", cwd=tmp_path)
    assert (told.returncode, told.stderr) == (4, "")  # the damage is no more than an error, and one has no report
    (tmp_path / "node" / "analyzer.toml").write_text(text)
    told = run("batch", ".", "-o", "../other", cwd=tmp_path / "node")
    assert told.returncode == 2
    assert "this configuration is part of the evidence" in told.stderr


def test_results_show_themselves(captures, tmp_path):
    results = analyze_many(captures, tmp_path / "out", jobs=1)
    assert repr(results).startswith("1 OF 3 NODES DAMAGED")
    page = results._repr_html_()
    assert "1 of 3 nodes damaged" in page
    assert "<script" not in page
    with pytest.raises(UsageError, match="is no table"):
        results.table("nonsense")
    with pytest.raises(UsageError, match="holds no dataset"):
        Results(tmp_path).table("nodes")
    with pytest.raises(UsageError, match=r"holds no fleet\.json"):
        Results(tmp_path).to_dict()


def test_a_baseline_is_the_same_in_every_process(captures, tmp_path):
    known = run("baseline", captures / f"{DAMAGED}.tar.zst").stdout
    (tmp_path / "known.json").write_text(known)
    words = ("batch", captures, "-o", tmp_path / "out", "--baseline", tmp_path / "known.json")
    assert run(*words).returncode == 4  # nothing new, and one bundle has no report
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "reports").iterdir()}
    for seed in ("1", "2", "3"):
        assert run(*words, env={**os.environ, "PYTHONHASHSEED": seed}).returncode == 4
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "reports").iterdir()} == stamps
