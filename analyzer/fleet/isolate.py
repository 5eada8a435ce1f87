"""One task in a process of its own, with limits on time and memory.

A template process (`python -m analyzer.fleet.template`) holds the program loaded and forks a child for each task, so
that a task costs milliseconds to start and leaves nothing behind. Whatever the bundle does to the child, the template
tells in an outcome; when the template itself is gone, that is an outcome too, and the next task gets a new one. A
template ends with its parent: its standard input closes.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

from analyzer.fleet.task import FAILED, KILLED, TIMEOUT, Outcome, Task
from analyzer.fleet.wire import Broken, Whole, receive, send, unpacked

GRACE = 30.0
"""Seconds a template may be silent after the time of a task is up, before it is stopped itself."""


class Isolation:
    """A template process, started when it is first needed; runs one task at a time.

    Attributes:
        closed: whether `close` was called.
    """

    def __init__(self) -> None:
        self.closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()
        self._busy = threading.Lock()

    @property
    def pid(self) -> int:
        """Return the process id of the template, 0 where none runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else 0

    def run(self, task: Task) -> Outcome:
        """Run a task to its end; never raises for what the bundle or the worker does."""
        with self._busy:
            return self._run(task)

    def _run(self, task: Task) -> Outcome:
        started = time.monotonic()
        process = self._start()
        if process is None:
            return Outcome(task.key, FAILED, KILLED, "stopped")
        assert process.stdin is not None
        assert process.stdout is not None
        answers = Whole(process.stdout, started + task.timeout + GRACE if task.timeout else None)
        try:
            send(process.stdin, pickle.dumps(task))
            return unpacked(receive(answers))
        except (OSError, Broken, ValueError):
            if answers.late:
                _kill(process)
            self._stop(process)
            process.stdout.close()
            seconds = time.monotonic() - started
            if answers.late:
                return Outcome(task.key, FAILED, TIMEOUT, f"no answer within {task.timeout:g} s", seconds=seconds)
            return Outcome(task.key, FAILED, KILLED, f"the worker is gone: {_ended(process)}", seconds=seconds)

    def close(self) -> None:
        """Stop the template and what it runs; what is running ends as an outcome."""
        with self._guard:
            self.closed = True
            process = self._process
        if process is not None:
            self._stop(process)
            with self._busy:  # who read the answers is through with it
                if process.stdout is not None:
                    process.stdout.close()

    def _start(self) -> subprocess.Popen[bytes] | None:
        with self._guard:
            if self.closed:
                return None
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "analyzer.fleet.template"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # an interruption at the terminal is the parent's to handle
                )
            return self._process

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        """End a template: the end of its input makes it end its child as well."""
        with suppress(OSError):
            assert process.stdin is not None
            process.stdin.close()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.wait()
        with self._guard:
            if self._process is process:
                self._process = None


def isolated(task: Task) -> Outcome:
    """Run a task in a process of its own; each calling thread keeps a template for its next tasks."""
    slot = getattr(_own, "slot", None)
    if slot is None:
        slot = _own.slot = Isolation()
        atexit.register(slot.close)
    return slot.run(task)


_own = threading.local()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a template with its child, which would keep its end of the answers open: they are a session of their own."""
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)


def _ended(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    if code is not None and code < 0:
        return f"killed by {signal_name(-code)}"
    return f"exit status {code}"


def signal_name(number: int) -> str:
    """Return a signal's name, its number where it has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
