"""Where tasks run: the interface that a batch needs, and worker processes on this machine.

An executor takes tasks as it has room for them and yields an outcome for each, in the order in which they end. It never
raises for a task: whatever happens to a worker is an outcome with a reason. `analyzer.fleet.isolate.isolated` runs one
task in a process of its own with its limits; an executor decides only where and how many at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Protocol

from msgspec.structs import replace

from analyzer.fleet.isolate import Isolation
from analyzer.fleet.task import LOST, Outcome, Task

TRIES = 3


class Executor(Protocol):
    """Runs tasks somewhere."""

    def run(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Yield one outcome a task, in the order in which they end.

        Tasks are drawn lazily: an executor holds no more than a few for each worker, and no outcome longer than until
        it is yielded, so that a fleet of any size takes the same memory. An outcome of a kind in
        `analyzer.fleet.task.LOST` is tried again, up to its number of tries. Closing the iterator stops the workers.
        """

    def close(self) -> None:
        """Stop every worker at once; what runs is given up. May be called twice."""


class LocalPool:
    """Worker processes on this machine.

    Args:
        jobs: how many bundles at once.
        tries: how often a bundle is given to a worker before it is given up.

    Attributes:
        slots: what runs one bundle at a time, one a job.
    """

    def __init__(self, jobs: int, *, tries: int = TRIES) -> None:
        self._tries = tries
        self.slots = [Isolation() for _ in range(jobs)]
        self._free = list(self.slots)
        self._closed = False
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="analyzer-slot")

    def run(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Yield outcomes; see `Executor.run`."""
        source = iter(tasks)
        running: dict[Future[Outcome], Isolation] = {}
        try:
            self._fill(source, running)
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                outcomes = [future.result() for future in done]
                self._free += [running.pop(future) for future in done]
                self._fill(source, running)  # first: taking outcomes in must not keep workers waiting
                yield from outcomes
        finally:
            if running:
                self.close()

    def _fill(self, source: Iterator[Task], running: dict[Future[Outcome], Isolation]) -> None:
        """Give a task to every free slot."""
        while self._free and not self._closed and (task := next(source, None)) is not None:
            slot = self._free.pop()
            running[self._threads.submit(tried, slot, task, self._tries)] = slot

    def close(self) -> None:
        """Stop every worker."""
        self._closed = True
        for slot in self.slots:
            slot.close()
        self._threads.shutdown(wait=True, cancel_futures=True)


def tried(slot: Isolation, task: Task, tries: int) -> Outcome:
    """Run a task until it ends in another way than a lost worker, or its tries are used up."""
    while True:
        outcome = replace(slot.run(task), tries=task.tries + 1)
        if outcome.kind not in LOST or outcome.tries >= tries or slot.closed:
            return outcome
        task = replace(task, tries=outcome.tries)
