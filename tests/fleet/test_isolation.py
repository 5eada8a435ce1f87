"""What a bundle does to its worker is an outcome with a reason, and no other task notices."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tarfile
import threading
import time
from io import BytesIO

import pytest

from analyzer.fleet.executor import LocalPool
from analyzer.fleet.isolate import Isolation
from analyzer.fleet.rows import unpack
from analyzer.fleet.task import DONE, FAILED, SAME, Task
from analyzer.fleet.wire import packed, unpacked
from analyzer.fleet.worker import work
from tests.editing import BUNDLES
from tests.effort import LONG

HEALTHY = str(BUNDLES / "healthy-overlay.tar.zst")
linux = pytest.mark.skipif(not pathlib.Path("/proc/self/task").is_dir(), reason="looks into /proc")


@pytest.fixture
def slot():
    made = Isolation()
    yield made
    made.close()


def task(path, key="k", **options):
    return Task(key, "node", str(path), **{"timeout": LONG, "memory": 1 << 30, **options})


def children(pid):
    """Return process ids of the children of a process, its children's children included."""
    found = []
    with contextlib.suppress(OSError):  # it may end meanwhile
        for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                for child in map(int, (thread / "children").read_text().split()):
                    found += [child, *children(child)]
    return found


def wait_for(what, seconds=LONG):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError("did not happen")


@pytest.fixture
def stuck(tmp_path):
    """Return a bundle that never comes: a named pipe without a writer."""
    os.mkfifo(tmp_path / "stuck.tar")
    return tmp_path / "stuck.tar"


@pytest.fixture
def hungry(tmp_path):
    """Return a bundle of a few kilobytes whose layers.json becomes hundreds of megabytes of records."""
    text = json.dumps([{"id": f"{n:064x}", "flags": {"a": {}}, "names": [f"n{n}"]} for n in range(1_000)])[:-1]
    data = text.encode()
    for _ in range(9):
        data = data + b"," + data[1:]
    data += b"]"
    path = tmp_path / "hungry.tar.xz"
    with tarfile.open(path, "w:xz", preset=0) as tar:
        member = tarfile.TarInfo("storage/overlay-layers/layers.json")
        member.size = len(data)
        tar.addfile(member, BytesIO(data))
    return path


def test_a_report_in_a_process_of_its_own_is_the_same_as_here(slot):
    there, here = slot.run(task(HEALTHY)), work(task(HEALTHY))
    assert (there.status, there.sha256, there.payload) == (DONE, here.sha256, here.payload)
    assert unpack(there.payload).document["verdict"] == "healthy"
    assert 0 < there.peak < 1 << 30


@linux
def test_a_child_takes_one_task_after_the_other_while_it_is_well(slot, tmp_path):
    """Results do not depend on what a child had before; a failure of the program ends it."""
    (tmp_path / "none.tar").write_bytes(b"no tar")
    first = slot.run(task(HEALTHY))
    (child,) = children(slot.pid)
    assert slot.run(task(tmp_path / "none.tar")).kind == "unreadable"
    again = slot.run(task(HEALTHY))
    assert again.payload == first.payload
    assert children(slot.pid) == [child]
    assert slot.run(task(HEALTHY, memory=512 << 20)).payload == first.payload  # other limits, another child
    assert children(slot.pid) != [child]


@linux
def test_an_idle_child_that_is_gone_costs_no_bundle_its_try(slot):
    slot.run(task(HEALTHY))
    (child,) = children(slot.pid)
    os.kill(child, signal.SIGKILL)
    outcome = slot.run(task(HEALTHY))
    assert (outcome.status, outcome.tries) == (DONE, 1)


def test_time_is_up(slot, stuck):
    outcome = slot.run(task(stuck, timeout=1))
    assert (outcome.status, outcome.kind) == (FAILED, "timeout")
    assert outcome.reason == "not finished within 1 s"
    assert outcome.seconds >= 1
    assert slot.run(task(HEALTHY)).status == DONE


@linux
def test_memory_is_up(slot, hungry):
    outcome = slot.run(task(hungry, memory=256 << 20))
    assert (outcome.status, outcome.kind) == (FAILED, "memory")
    assert "256 MiB" in outcome.reason
    assert outcome.peak < 400 << 20
    assert slot.run(task(HEALTHY)).status == DONE


@linux
@pytest.mark.parametrize(
    ("number", "kind", "reason"),
    [
        (signal.SIGKILL, "killed", "SIGKILL"),
        (signal.SIGTERM, "killed", "SIGTERM"),
        (signal.SIGSEGV, "crashed", "SIGSEGV"),
    ],
)
def test_a_child_that_dies_is_told(slot, stuck, number, kind, reason):
    slot.run(task(HEALTHY))
    template, stop, killed = slot.pid, threading.Event(), set()

    def kill_each():
        while not stop.wait(0.05):
            for pid in set(children(template)) - killed:
                killed.add(pid)
                os.kill(pid, number)

    killer = threading.Thread(target=kill_each)
    killer.start()
    outcome = slot.run(task(stuck))
    stop.set()
    killer.join()
    assert (outcome.status, outcome.kind) == (FAILED, kind)
    assert reason in outcome.reason
    assert slot.run(task(HEALTHY)).status == DONE


def command_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@linux
def test_a_template_that_dies_is_told_and_replaced(slot, stuck):
    slot.run(task(HEALTHY))
    template = slot.pid
    killer = threading.Thread(target=lambda: (wait_for(lambda: children(template)), os.kill(template, signal.SIGKILL)))
    killer.start()
    outcome = slot.run(task(stuck))
    killer.join()
    assert (outcome.kind, outcome.reason) == ("killed", "the worker is gone: killed by SIGKILL")
    assert slot.run(task(HEALTHY)).status == DONE


@linux
def test_workers_end_with_their_parent(tmp_path, stuck):
    code = (
        "from analyzer.fleet.isolate import isolated; from analyzer.fleet.task import Task\n"
        f"isolated(Task('k', 'n', {str(stuck)!r}))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    started = wait_for(lambda: (found := children(parent.pid)) and len(found) == 2 and found)
    parent.kill()
    parent.wait()
    wait_for(lambda: not any(command_of(pid) for pid in started))


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (None, "unreadable", "No such file"),
        (b"", "unreadable", "empty file"),
        (b"hello\n" * 100, "unreadable", "text"),
        (b"\x28\xb5\x2f\xfd" + b"\0" * 50, "unreadable", ""),
    ],
)
def test_what_is_no_bundle(slot, tmp_path, content, kind, said):
    path = tmp_path / "x.tar"
    if content is not None:
        path.write_bytes(content)
    outcome = slot.run(task(path))
    assert (outcome.status, outcome.kind) == (FAILED, kind)
    assert said in outcome.reason
    assert "\n" not in outcome.reason


def test_no_store_in_it(slot, tmp_path):
    (tmp_path / "etc").mkdir()
    outcome = slot.run(task(tmp_path))
    assert (outcome.kind, outcome.sha256) == ("no-store", None)


def test_a_cut_bundle_has_a_report_that_says_so(slot, tmp_path):
    data = pathlib.Path(HEALTHY).read_bytes()
    (tmp_path / "cut.tar.zst").write_bytes(data[: len(data) // 2])
    outcome = slot.run(task(tmp_path / "cut.tar.zst"))
    assert outcome.status == DONE
    row = unpack(outcome.payload).document
    assert row["verdict"] == "undetermined"
    assert not row["coverage"]["complete"]


def test_known_content_is_not_analysed_again(slot):
    first = slot.run(task(HEALTHY))
    again = slot.run(task(HEALTHY, known=frozenset({first.sha256})))
    assert (again.status, again.sha256, again.payload) == (SAME, first.sha256, b"")
    assert slot.run(task(HEALTHY, known=frozenset({"0" * 64}))).status == DONE


@linux
def test_a_lost_worker_is_tried_again_as_often_as_asked(stuck):
    pool = LocalPool(1, tries=3)
    (slot,) = pool.slots
    killed = []
    stop = threading.Event()

    def kill_all():
        while not stop.wait(0.05):
            for pid in children(slot.pid) if slot.pid else ():
                if pid not in killed:
                    killed.append(pid)
                    os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_all)
    killer.start()
    try:
        (outcome,) = pool.run([task(stuck)])
    finally:
        stop.set()
        killer.join()
        pool.close()
    assert (outcome.kind, outcome.tries, len(killed)) == ("killed", 3, 3)


def test_a_pool_draws_tasks_as_it_has_room():
    drawn = []

    def tasks():
        for number in range(9):
            drawn.append(number)
            yield task(HEALTHY, str(number))

    pool = LocalPool(2)
    try:
        seen = set()
        for outcome in pool.run(tasks()):
            seen.add(outcome.key)
            assert len(drawn) - len(seen) <= 2
    finally:
        pool.close()
    assert seen == set(map(str, range(9)))


def test_a_slow_bundle_does_not_hold_up_the_rest(stuck):
    pool = LocalPool(2)
    try:
        order = []
        for outcome in pool.run([task(stuck, "slow"), *(task(HEALTHY, str(n)) for n in range(4))]):
            order.append(outcome.key)
            if len(order) == 4:  # only now the slow one gets to its end
                stuck.write_bytes(b"no tar")
    finally:
        pool.close()
    assert order[-1] == "slow"


def test_a_closed_pool_gives_up_what_runs(stuck):
    pool = LocalPool(1)
    running = pool.run([task(stuck), task(HEALTHY, "later")])
    closer = threading.Timer(1.0, pool.close)
    closer.start()
    assert next(running).kind == "killed"
    closer.join()


def test_outcomes_cross_processes_as_data():
    outcome = work(task(HEALTHY))
    assert unpacked(packed(outcome)) == outcome
    for data in (b"", b"x", b"[]\n", b'{"key": "k"}\n', b'{"key": "k", "status": "done", "more": 1}\n'):
        with pytest.raises(ValueError):
            unpacked(data)
