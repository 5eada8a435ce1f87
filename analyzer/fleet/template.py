"""The process that workers are forked from: the program loaded, one thread, nothing of any bundle.

Run as `python -m analyzer.fleet.template`; takes tasks on standard input and answers with outcomes on standard output,
one at a time (`analyzer.fleet.wire`). It ends when its input ends, and its child with it.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import select
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from analyzer.fleet.isolate import signal_name
from analyzer.fleet.task import CRASHED, FAILED, KILLED, MEMORY, TIMEOUT, Outcome
from analyzer.fleet.wire import Broken, packed, receive, send, unpacked
from analyzer.fleet.worker import warm, warm_for, work
from analyzer.source.forks import keep_to_one

if TYPE_CHECKING:
    from typing import BinaryIO, NoReturn

    from analyzer.fleet.task import Task

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]

LOOK = 0.1
"""Seconds between two looks at the memory of a child."""
HARD, RESERVED = 1.25, 128 << 20
"""The kernel's own limit on a child's data, from the one that is looked at: a multiple, and bytes set aside unused."""
NO_MEMORY, BROKEN = 71, 70
"""Exit statuses of a child that could not even say so."""
PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve tasks until there are no more."""
    tasks, answers = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warm()
    gc.collect()
    gc.freeze()
    while True:
        try:
            task: Task = pickle.loads(_whole(tasks))  # noqa: S301  from the parent, which started this process
        except Broken:
            return
        warm_for(task)
        outcome = _forked(task, tasks.fileno()) if hasattr(os, "fork") else work(task)
        try:
            send(answers, packed(outcome))
        except OSError:
            return


def _whole(stream: BinaryIO) -> bytes:
    """Read one frame from an unbuffered stream, so that `select` on it tells the truth."""

    class Exactly:
        @staticmethod
        def read(count: int) -> bytes:
            parts = []
            while count and (piece := stream.read(min(count, 1 << 20))):
                parts.append(piece)
                count -= len(piece)
            return b"".join(parts)

    return receive(Exactly())  # type: ignore[arg-type]


def _forked(task: Task, parent: int) -> Outcome:
    """Run a task in a child and watch it.

    Args:
        task: the bundle.
        parent: descriptor that becomes readable only when the parent is gone.
    """
    started = time.monotonic()
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        _child(task, theirs)
    os.close(theirs)
    pieces, ended = _watched(task, pid, ours, parent)
    os.close(ours)
    if ended:
        os.kill(pid, signal.SIGKILL)
    _, status, used = os.wait4(pid, 0)
    if ended == "parent":
        sys.exit(0)
    seconds, peak = time.monotonic() - started, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if not ended:
        with suppress(ValueError):
            told = unpacked(b"".join(pieces))
            return Outcome(
                task.key, told.status, told.kind, told.reason, told.sha256, seconds, peak, payload=told.payload
            )
    kind, reason = _why(task, ended, os.waitstatus_to_exitcode(status))
    return Outcome(task.key, FAILED, kind, reason, seconds=seconds, peak=peak)


def _watched(task: Task, pid: int, ours: int, parent: int) -> tuple[list[bytes], str]:
    """Return what the child wrote, and why it has to be ended (`""` when it ended by itself)."""
    deadline = time.monotonic() + task.timeout if task.timeout else float("inf")
    pieces: list[bytes] = []
    while True:
        ready, _, _ = select.select([ours, parent], [], [], LOOK)
        if ours in ready:
            piece = os.read(ours, 1 << 20)
            if not piece:
                return pieces, ""
            pieces.append(piece)
        elif parent in ready:
            return pieces, "parent"
        if time.monotonic() > deadline:
            return pieces, TIMEOUT
        if task.memory and _resident(pid) > task.memory:
            return pieces, MEMORY


def _why(task: Task, ended: str, code: int) -> tuple[str, str]:
    if ended == TIMEOUT:
        return TIMEOUT, f"not finished within {task.timeout:g} s"
    if ended == MEMORY:
        return MEMORY, f"needed more than {task.memory >> 20:,} MiB of memory"
    if code == NO_MEMORY:
        return MEMORY, f"ran out of memory; the limit is {task.memory >> 20:,} MiB"
    if code == -signal.SIGKILL:
        return KILLED, "the worker was killed by SIGKILL: by somebody, or by the kernel when memory ran out"
    if code == -signal.SIGTERM:
        return KILLED, "the worker was killed by SIGTERM"
    if code < 0:
        return CRASHED, f"the worker died of {signal_name(-code)}"
    return CRASHED, f"the worker ended without an answer, exit status {code}"


def _child(task: Task, answers: int) -> NoReturn:
    """Do the work and end this process, whatever happens."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _bound(task)
        keep_to_one()
        outcome = work(task)
        try:
            data = packed(outcome)
        except MemoryError:
            data = packed(Outcome(task.key, FAILED, MEMORY, "the report did not fit into memory"))
        with os.fdopen(answers, "wb") as stream:
            stream.write(data)
        os._exit(0)
    except MemoryError:
        os._exit(NO_MEMORY)
    finally:
        os._exit(BROKEN)


def _bound(task: Task) -> None:
    """Set this process's limits; it ends with its parent where the kernel offers that."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if resource is None:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if task.memory:
        which = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        most = int(task.memory * HARD) + RESERVED
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(which, (most, most))


def _resident(pid: int) -> int:
    """Return the bytes a process holds in memory, 0 where nothing tells."""
    try:
        handle = os.open(f"/proc/{pid}/statm", os.O_RDONLY)
    except OSError:
        return 0
    try:
        return int(os.read(handle, 200).split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
    finally:
        os.close(handle)


if __name__ == "__main__":
    main()
