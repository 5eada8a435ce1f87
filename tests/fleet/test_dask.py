"""`--scheduler`: the same dataset from a real Dask cluster, whatever happens to its workers."""

from __future__ import annotations

import contextlib
import itertools
import queue
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from analyzer.errors import AnalyzerError, UsageError
from analyzer.fleet.dask import LEAST, DaskCluster
from analyzer.fleet.task import DONE, FAILED, KILLED, MEMORY, NOT_SEEN, TIMEOUT, UNREADABLE, Task
from analyzer.version import __version__
from tests.editing import BUNDLES
from tests.effort import LONG
from tests.fleet.clusters import cluster
from tests.fleet.generated import finished, local_run, reports, rows, running, tables, wait_for, whole_fleet

pytestmark = pytest.mark.filterwarnings("ignore")  # of Dask's own event loops when workers are killed


@contextlib.contextmanager
def silent_server():
    """Yield the URL of a bundle on a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/slow.tar"


def task(name, number=0, **options):
    return Task(f"{number:032x}", name, str(BUNDLES / f"{name}.tar.zst"), **options)


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("dask"), 2) as made:
        yield made


@pytest.fixture
def executor(two_workers):
    made = DaskCluster(two_workers.address)
    yield made
    made.close()


def test_a_killed_worker_changes_nothing_in_the_dataset(tmp_path, tmp_path_factory):
    captures, nodes = whole_fleet(tmp_path_factory)
    alone = local_run(tmp_path_factory)
    out = tmp_path / "out"
    with cluster(tmp_path, 4) as made, running([captures], out, "--scheduler", made.address) as process:
        wait_for(lambda: len(reports(out)) >= 60)
        made.workers[1].send_signal(signal.SIGKILL)
        made.workers[1].wait()
        at_the_kill = len(reports(out))
        _, errors = process.communicate(timeout=LONG)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors
        assert [worker.poll() for worker in made.workers].count(None) == 3
    assert 60 <= at_the_kill < len(nodes)  # in the middle
    assert len(rows(out, "nodes")) == len(nodes)
    ours, theirs = tables(out), tables(alone)
    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        assert ours[name] == expected, name
    documents = {name: path.read_bytes() for name, path in reports(alone).items()}
    assert {name: path.read_bytes() for name, path in reports(out).items()} == documents


def test_each_task_has_its_outcome(executor):
    tasks = [task("podman-list", 1), task("healthy-overlay", 2), Task("3" * 32, "none", "/nowhere/at-all.tar")]
    outcomes = {outcome.key: outcome for outcome in executor.run(tasks)}
    assert {key: outcome.status for key, outcome in outcomes.items()} == {
        tasks[0].key: DONE,
        tasks[1].key: DONE,
        tasks[2].key: FAILED,
    }
    assert outcomes[tasks[2].key].kind == UNREADABLE
    assert "/nowhere/at-all.tar" in outcomes[tasks[2].key].reason
    assert all(outcome.tries == 1 for outcome in outcomes.values())


def test_tasks_are_drawn_as_there_is_room(executor):
    drawn = itertools.count()
    tasks = (task("podman-list", next(drawn)) for _ in range(1000))
    outcomes = executor.run(tasks)
    for _ in range(5):
        next(outcomes)
    outcomes.close()
    assert next(drawn) <= LEAST + 5


def test_limits_hold_on_workers(executor):
    with silent_server() as url:
        [late] = executor.run([Task("1" * 32, "slow", url, timeout=1.0)])
        [large] = executor.run([Task("2" * 32, "large", url, memory=1 << 20)])  # there until somebody looks at it
    assert (late.status, late.kind) == (FAILED, TIMEOUT)
    assert (large.status, large.kind) == (FAILED, MEMORY)
    assert [outcome.status for outcome in executor.run([task("podman-list")])] == [DONE]


def test_a_task_that_takes_every_worker_with_it_is_given_up(tmp_path):
    """The scheduler gives a task up when more than `allowed-failures` workers were lost with it."""
    environment = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    with cluster(tmp_path, 1, environment=environment) as made, silent_server() as url:
        executor = DaskCluster(made.address)
        with ThreadPoolExecutor(1) as thread:
            outcomes = thread.submit(list, executor.run([Task("1" * 32, "slow", url)]))
            for _ in range(2):
                wait_for(lambda: made.under_way() == 1)
                made.workers[-1].kill()
                made.workers[-1].wait()
                made.add_worker()
            [outcome] = outcomes.result(LONG)
        executor.close()
    assert (outcome.status, outcome.kind) == (FAILED, KILLED)
    assert "2 workers were lost" in outcome.reason


def test_a_lost_scheduler_ends_the_batch_and_keeps_what_is_finished(tmp_path, tmp_path_factory):
    captures, nodes = whole_fleet(tmp_path_factory)
    out = tmp_path / "out"
    with cluster(tmp_path, 1) as made, running([captures], out, "--scheduler", made.address) as process:
        wait_for(lambda: len(reports(out)) >= 5)
        made.scheduler.kill()
        _, errors = process.communicate(timeout=LONG)
    assert process.returncode == AnalyzerError.exit_code
    assert "Traceback" not in errors
    assert f"Dask scheduler {made.address}" in errors.strip().splitlines()[-1]
    assert "kept" in errors
    assert 5 <= len(finished(out)) < len(nodes)


def test_nobody_at_the_address(monkeypatch):
    monkeypatch.setattr("analyzer.fleet.dask.CONNECT", 1)
    with pytest.raises(UsageError, match=r"no Dask scheduler at 'tcp://127\.0\.0\.1:1'"):
        DaskCluster("tcp://127.0.0.1:1")


def test_an_address_of_another_form():
    with pytest.raises(UsageError, match="no Dask scheduler at 'nothing://x'"):
        DaskCluster("nothing://x")


def test_without_distributed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'containers-storage-analyzer\[fleet\]'"):
        DaskCluster("tcp://127.0.0.1:1")


def worker_with(made, place, line):
    """Add a worker in whose Python a line was run before anything else."""
    place.mkdir()
    (place / "sitecustomize.py").write_text(line + "\n")
    made.add_worker(PYTHONPATH=str(place))


OTHER_VERSION = "import analyzer.version; analyzer.version.__version__ = '0.0.1'"
WITHOUT = "import sys; sys.modules['analyzer'] = None"


@pytest.mark.parametrize(
    ("line", "message"),
    [(OTHER_VERSION, f"has analyzer 0.0.1, this is {__version__}"), (WITHOUT, "cannot load analyzer")],
)
def test_a_worker_must_have_this_version(tmp_path, line, message):
    with cluster(tmp_path, 1) as made:
        worker_with(made, tmp_path / "odd", line)
        made.wait_for_workers(2)
        with pytest.raises(UsageError, match=message):
            DaskCluster(made.address)


def test_a_worker_of_another_version_that_joins_later_ends_the_batch(tmp_path):
    with cluster(tmp_path, 1) as made:
        made.wait_for_workers(1)
        executor = DaskCluster(made.address)
        outcomes = executor.run(task("podman-list", number) for number in itertools.count())
        next(outcomes)
        worker_with(made, tmp_path / "odd", OTHER_VERSION)
        with pytest.raises(AnalyzerError, match=f"has analyzer 0.0.1, this is {__version__}"):
            for _ in outcomes:
                pass
        executor.close()


def test_a_worker_without_analyzer_that_joins_later_does_no_harm(tmp_path):
    """Dask ends a worker that cannot read what it is sent, and gives the tasks to others."""
    with cluster(tmp_path, 1) as made:
        made.wait_for_workers(1)
        executor = DaskCluster(made.address)
        outcomes = executor.run(task("podman-list", number) for number in itertools.count())
        next(outcomes)
        worker_with(made, tmp_path / "odd", WITHOUT)
        for outcome in outcomes:
            assert outcome.status == DONE, outcome.reason
            if made.workers[-1].poll() is not None:
                break
        assert [next(outcomes).status for _ in range(20)] == [DONE] * 20
        outcomes.close()
        executor.close()


def test_a_bundle_that_the_workers_do_not_see_is_not_unreadable(executor, tmp_path):
    """It was there for who made the task: on these workers, another mount is missing."""
    gone = Task("1" * 32, "gone", str(tmp_path / "gone.tar"), seen=True)
    [outcome] = executor.run([gone])
    assert (outcome.status, outcome.kind, outcome.tries) == (FAILED, NOT_SEEN, 3)
    assert outcome.worker in outcome.reason
    assert "No such file" in outcome.reason


def test_a_cluster_without_workers_is_told_of(tmp_path, monkeypatch):
    monkeypatch.setattr("analyzer.fleet.dask.SOON", 0.05)
    told = queue.Queue()
    with cluster(tmp_path, 0) as made:
        executor = DaskCluster(made.address, notice=told.put)
        with ThreadPoolExecutor(1) as thread:
            outcomes = thread.submit(list, executor.run([task("podman-list")]))
            line = told.get(timeout=LONG)
            made.add_worker()
            assert [outcome.status for outcome in outcomes.result(LONG)] == [DONE]
        executor.close()
    assert line == f"Dask scheduler {made.address} has no worker; 1 bundle waiting"
