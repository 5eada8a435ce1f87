"""A batch on a Dask cluster that is there already: the scheduler spreads tasks, workers read bundles where they lie.

Dask does the whole of it: a task whose worker is lost goes to another one. Those that were under way each time until
`allowed-failures` workers were lost (`distributed.scheduler.allowed-failures` of the scheduler's configuration, 3 by
default) are run once more when all others are done, one at a time, so that only the one that takes workers with it is
given up. On a worker a bundle has a process of its own as on this machine, so that what it does there harms no worker.
Security (TLS) and timeouts are those of Dask's own configuration.
"""

from __future__ import annotations

import importlib
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from analyzer.errors import AnalyzerError, UsageError
from analyzer.fleet.executor import TRIES
from analyzer.fleet.isolate import isolated
from analyzer.fleet.task import CRASHED, FAILED, KILLED, LOST, NOT_SEEN, UNREADABLE, Outcome, Task
from analyzer.source.locations.urls import is_url
from analyzer.version import __version__
from analyzer.words import plural

AHEAD = 2
"""Tasks in flight for each thread of the cluster: one that runs and one that waits beside it."""
LEAST = 8
"""Tasks in flight on a cluster without workers, which may be one that grows with its work."""
SOON, AGAIN = 5.0, 60.0
"""Seconds until a cluster without workers is told of, and between two times."""
LOOK = 5.0
"""Seconds after which the size of the cluster is asked for again."""
CONNECT = 10
"""Seconds to wait for the scheduler."""
NOISY = ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")
"""Loggers that tell of a lost connection in tracebacks; here it is an error of one line."""


class DaskCluster:
    """Workers of a Dask cluster.

    Args:
        address: of the scheduler, e.g. `tcp://head:8786`.
        tries: how often a bundle is given to a worker before it is given up.
        notice: takes a line for people when nothing goes on because there is no worker.

    Raises:
        UsageError: `distributed` is not installed, nothing answers as a scheduler there, or a worker has no analyzer
            or another version of it.
    """

    def __init__(self, address: str, *, tries: int = TRIES, notice: Callable[[str], None] | None = None) -> None:
        self._address = address
        self._tries = tries
        self._notice = notice
        self._client = _connected(address)
        self._room, self._asked = 0, 0.0
        try:
            self._compare_versions()
        except BaseException:
            self.close()
            raise

    def run(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Yield outcomes; see `analyzer.fleet.executor.Executor`. A bundle under way when it is closed ends unheard.

        Raises:
            AnalyzerError: the scheduler is gone, or a worker with another version joined: no task can be done.
        """
        source = iter(tasks)
        running: dict[Any, Task] = {}
        blind: dict[str, set[str]] = {}
        suspects: dict[str, Task] = {}
        ended = _distributed().as_completed(loop=self._client.loop, raise_errors=False)
        over = threading.Event()
        threading.Thread(target=self._watch, args=(running, over), name="analyzer-watch", daemon=True).start()
        try:
            while True:
                while len(running) < self._most() and (task := next(source, None)) is not None:
                    self._submit(task, running, ended)
                if not running:
                    task = next((each for each in suspects.values() if each.tries == 0), None)
                    if task is None:
                        return
                    suspects[task.key] = replace(task, tries=1)
                    self._submit(task, running, ended)
                future = next(ended)
                task = running.pop(future)
                outcome = self._outcome(future, task)
                if outcome.kind == KILLED and not outcome.worker and running and task.key not in suspects:
                    suspects[task.key] = replace(task, tries=0)  # of those that were lost together only one is to blame
                elif outcome.kind in LOST and outcome.tries < self._tries:
                    if outcome.kind == NOT_SEEN:
                        blind.setdefault(task.key, set()).add(outcome.worker)
                    self._submit(replace(task, tries=outcome.tries), running, ended, blind.get(task.key, ()))
                else:
                    blind.pop(task.key, None)
                    yield outcome
        finally:
            over.set()
            if running:
                self._client.cancel(list(running), force=True)

    def _watch(self, running: Mapping[Any, Task], over: threading.Event) -> None:
        """Tell when tasks wait and the cluster has no worker: soon, then every minute."""
        pause = SOON
        while self._notice is not None and not over.wait(pause):
            pause = SOON
            with suppress(Exception):  # a scheduler that is gone is told by the tasks
                if running and not self._client.nthreads():
                    self._notice(
                        f"Dask scheduler {self._address} has no worker; {plural(len(running), 'bundle')} waiting"
                    )
                    pause = AGAIN

    def close(self) -> None:
        """Leave the cluster; it keeps running."""
        self._client.close()

    def _submit(self, task: Task, running: dict[Any, Task], ended: Any, blind: Collection[str] = ()) -> None:
        """Give a task to a worker, to another than those that did not see its bundle where there is one."""
        key = f"analyzer-{uuid.uuid4().hex}"  # Dask takes equal keys for the same work
        others = [worker for worker in self._client.nthreads() if worker not in blind] if blind else []
        where = {"workers": others, "allow_other_workers": True} if others else {}
        future = self._client.submit(on_worker, task, __version__, pure=False, key=key, **where)
        running[future] = task
        ended.add(future)

    def _outcome(self, future: Any, task: Task) -> Outcome:
        distributed = _distributed()
        try:
            outcome: Outcome = future.result()
        except distributed.KilledWorker as error:  # the scheduler tried it on other workers before
            lost = error.allowed_failures + 1
            reason = f"{lost} workers were lost with it under way, the last {error.last_worker.address}"
            return Outcome(task.key, FAILED, KILLED, reason, tries=self._tries)
        except distributed.CancelledError as error:
            raise self._trouble("the connection is lost, or the work was cancelled there") from error
        except VersionError as error:
            raise self._trouble(str(error)) from error
        except ImportError as error:
            raise self._trouble(f"a worker cannot load analyzer: {error}") from error
        except Exception as error:  # noqa: BLE001  Dask's own, e.g. a message that did not get through
            return Outcome(task.key, FAILED, CRASHED, f"Dask: {_first_line(error)}", tries=task.tries + 1)
        return replace(outcome, tries=task.tries + 1)

    def _trouble(self, what: str) -> AnalyzerError:
        return AnalyzerError(f"{what}; what is finished is kept", where=f"Dask scheduler {self._address}")

    def _most(self) -> int:
        """Return how many tasks may be in flight; the cluster may have grown or shrunk."""
        now = time.monotonic()
        if not self._room or now - self._asked > LOOK:
            self._room = max(LEAST, AHEAD * sum(self._client.nthreads().values()))
            self._asked = now
        return self._room

    def _compare_versions(self) -> None:
        answers = self._client.run(version_here, on_error="return")
        for worker, answer in answers.items():
            if isinstance(answer, Exception):
                raise UsageError(f"Dask worker {worker} cannot load analyzer {__version__}: {answer}")
            if answer != __version__:
                raise UsageError(f"Dask worker {worker} has analyzer {answer}, this is {__version__}")


class VersionError(Exception):
    """A worker has another version of this program: what it finds is not comparable."""


def version_here() -> str:
    """Return the version of this program on a worker."""
    return __version__


def on_worker(task: Task, version: str) -> Outcome:
    """Run a task on a worker.

    Raises:
        VersionError: another version asks.
    """
    if version != __version__:
        raise VersionError(f"worker {_here()} has analyzer {__version__}, this is {version}")
    outcome = isolated(task)
    if task.seen and outcome.kind == UNREADABLE and (trouble := _hidden(task.path)):
        return replace(outcome, kind=NOT_SEEN, reason=f"worker {_here()} does not see it ({trouble})", worker=_here())
    return replace(outcome, worker=_here())


def _hidden(path: str) -> str:
    """Return why this worker cannot open a bundle, `""` when it can."""
    if is_url(path):
        return ""
    try:
        os.stat(path)  # noqa: PTH116  nothing is opened
    except OSError as error:
        return error.strerror or str(error)
    return "" if os.access(path, os.R_OK) else "Permission denied"


def _here() -> str:
    return str(_distributed().get_worker().address)


def _connected(address: str) -> Any:
    distributed = _distributed()
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return distributed.Client(address, timeout=CONNECT, set_as_default=False, name="analyzer")
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask scheduler at {address!r}: {_first_line(error)}") from error


def _distributed() -> Any:
    try:
        return importlib.import_module("distributed")
    except ImportError:
        raise UsageError("--scheduler needs distributed: pip install 'containers-storage-analyzer[fleet]'") from None


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0]
