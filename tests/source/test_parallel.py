"""Work that is shared with further processes gives what one process gives, whatever happens to the others."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time

import pytest

from analyzer.source import forks
from analyzer.source import parallel as sharing
from analyzer.source.parallel import map_in_workers
from analyzer.source.tar import pieces
from tests.contents import BASE, PASSWD, told
from tests.editing import Edited
from tests.effort import LONG

ITEMS = list(range(20))


@pytest.fixture(autouse=True)
def always(monkeypatch):
    """Share whatever the machine has, and whatever threads earlier tests and their runner left in this process."""
    monkeypatch.setattr(sharing, "WORTH", 0)
    monkeypatch.setattr(sharing, "processors", lambda: 2)


def test_every_item_once_and_in_order_in_two_processes():
    parent, (begun, begin) = os.getpid(), os.pipe()

    def work(item):
        if os.getpid() == parent:
            select.select([begun], [], [], LONG)
        else:
            os.write(begin, b"x")
        return item * item, os.getpid()

    results = map_in_workers(work, ITEMS, lambda item: item)
    assert [square for square, _ in results] == [item * item for item in ITEMS]
    assert len({process for _, process in results}) == 2


def test_what_is_small_or_single_is_not_shared(monkeypatch):
    assert map_in_workers(lambda _: os.getpid(), [1], lambda _: 1) == [os.getpid()]
    monkeypatch.setattr(sharing, "WORTH", 1 << 20)
    assert set(map_in_workers(lambda _: os.getpid(), ITEMS, lambda _: 1)) == {os.getpid()}


def test_a_process_with_threads_is_not_forked(monkeypatch):
    monkeypatch.setattr(sharing, "processors", forks.processors)
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    assert set(map_in_workers(lambda _: os.getpid(), ITEMS, lambda _: 1)) == {os.getpid()}
    stop.set()
    thread.join()


@pytest.mark.parametrize("how", ["dies", "raises", "no pickle"])
def test_a_second_process_that_fails_costs_nothing_but_time(how):
    parent = os.getpid()

    def work(item):
        if os.getpid() != parent:
            if how == "dies":
                os._exit(7)
            if how == "raises":
                raise MemoryError
            return lambda: item
        time.sleep(0.01)  # the others are to get some
        return item

    assert map_in_workers(work, ITEMS, lambda _: 1) == ITEMS


def test_an_error_here_ends_the_second_process(monkeypatch):
    parent, forked = os.getpid(), []
    fork = os.fork
    monkeypatch.setattr(os, "fork", lambda: forked.append(fork()) or forked[-1])

    def work(item):
        if os.getpid() == parent:
            raise ValueError(item)
        threading.Event().wait(60)

    with pytest.raises(ValueError, match=r"\d"):
        map_in_workers(work, ITEMS, lambda _: 1)
    assert forked
    for child in forked:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def results(piece):
    """Return several results of a piece, and who made it; the third has none."""
    yield from ((piece, number, os.getpid()) for number in range(0 if piece == 3 else 20))


def test_pieces_are_taken_in_order_whoever_did_them():
    ahead, made = sharing.Ahead(results, 12, 2), set()
    sharing._wait(ahead._workers)
    for piece in range(12):
        found = list(ahead.take(piece))
        made |= {process for *_, process in found}
        assert [each[:2] for each in found] in ([], [(piece, number) for number in range(20)])
    ahead.close()
    assert made - {os.getpid()}


def test_a_piece_is_done_here_while_another_comes_bit_by_bit():
    parent = os.getpid()

    def slow(piece):
        for number in range(20):
            if os.getpid() != parent:
                time.sleep(0.01)
            yield piece, number, os.getpid()

    ahead = sharing.Ahead(slow, 6, 6)
    (worker,) = ahead._workers
    sharing._wait([worker])
    taken = ahead.take(0)
    assert next(taken)[::2] == (0, worker._pid)
    assert [each[1] for each in taken] == list(range(1, 20))
    assert {each[2] for made in ahead._done.values() for each in made} == {parent}
    ahead.close()


def test_pieces_that_nobody_wants_are_let_go():
    ahead = sharing.Ahead(results, 60, 2)
    list(ahead.take(0))
    next(ahead.take(1), None)
    time.sleep(0.05)  # the other process has made as much as may wait
    assert [each[:2] for each in ahead.take(59)] in ([], [(59, number) for number in range(20)])
    assert not ahead._done
    ahead.close()


def test_a_process_waits_when_nobody_takes_what_it_made():
    ahead = sharing.Ahead(lambda piece: iter([(piece, os.getpid())]), 1000, 2)
    (worker,) = ahead._workers
    sharing._wait([worker])
    assert worker.has(0)
    assert worker.take() == (0, worker._pid)
    time.sleep(0.1)
    assert ahead._next() <= sharing.WAITING
    ahead.close()


@pytest.mark.parametrize("depth", ["standard", "deep"])
def test_layers_compared_in_two_processes_are_told_the_same(monkeypatch, depth):
    def findings():
        store = Edited().write(PASSWD, b"root:x:0:0:edited\n")
        return [(f.fingerprint, f.message, f.evidence) for found in told(store, depth=depth).values() for f in found]

    both = findings()
    monkeypatch.setattr(sharing, "processors", lambda: 1)
    assert both == findings()
    assert any(BASE in message for _, message, _ in both) or both


LOADED = """
import sys
from analyzer.limits import DEFAULT
from analyzer.source.tar import pieces
size = int(sys.argv[1])
pieces.Pieces((0, 0, size), DEFAULT, contents=False).close()
print("numpy" in sys.modules)
"""


@pytest.mark.parametrize("size", [pieces.WORTH - 1, pieces.WORTH])
def test_nobody_waits_for_numpy_before_others_gather(size):
    done = subprocess.run([sys.executable, "-c", LOADED, str(size)], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
