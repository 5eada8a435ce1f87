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
from typing import NoReturn

from msgspec.structs import replace

from analyzer.fleet.isolate import signal_name
from analyzer.fleet.task import CRASHED, FAILED, KILLED, MEMORY, NO_STORE, TIMEOUT, UNREADABLE, Outcome, Task
from analyzer.fleet.wire import LENGTH, Broken, Whole, packed, receive, send, unpacked
from analyzer.fleet.worker import warm, warm_for, work
from analyzer.source.forks import keep_to_one

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]

HARMLESS = frozenset({"", UNREADABLE, NO_STORE})
"""Kinds of outcomes after which a child is what it was."""
HISTORY = frozenset({MEMORY, KILLED, CRASHED})
"""Kinds that may come of what a child did before."""
WORN = 256 << 20
"""Bytes by which a child may have grown before another one takes the next task; an eighth of its limit at most."""
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
    children = _Children(tasks.fileno()) if hasattr(os, "fork") else None
    while True:
        try:
            task: Task = pickle.loads(receive(Whole(tasks)))  # noqa: S301  from the parent, which started this process
        except Broken:
            if children is not None:
                children.close()
            return
        warm_for(task)
        outcome = children.run(task) if children is not None else work(task)
        try:
            send(answers, packed(outcome))
        except OSError:
            return


class _Children:
    """The child that runs tasks, forked anew when it failed, has grown, or has other limits than a task asks for.

    Forking costs a small bundle as much as analysing it: every page that the child then writes to is copied. So a child
    takes one task after the other while it stays what it was, and whatever becomes of it is the outcome of the one task
    that it held.

    Args:
        parent: descriptor that becomes readable only when the parent is gone.
    """

    def __init__(self, parent: int) -> None:
        self._parent = parent
        self._child: _Child | None = None

    def run(self, task: Task) -> Outcome:
        """Run a task and watch it; what a used child does not come to an end with is given to a new one."""
        used = self._child is not None
        started = time.monotonic()
        outcome = self._run(task, started)
        if used and self._child is None and outcome.kind in HISTORY:
            outcome = self._run(task, started)
        return outcome

    def _run(self, task: Task, started: float) -> Outcome:
        child = self._fresh(task)
        data, ended = child.answer(task, self._parent)
        outcome = None
        if data is not None:
            with suppress(ValueError):
                outcome = unpacked(data)
        seconds = time.monotonic() - started
        if outcome is not None:
            if outcome.kind not in HARMLESS or _resident(child.pid) > child.start + _worn(task.memory):
                self.close()
            return replace(outcome, seconds=seconds)
        code, peak = child.end(kill=bool(ended))
        self._child = None
        if ended == "parent":
            sys.exit(0)
        kind, reason = _why(task, ended, code)
        return Outcome(task.key, FAILED, kind, reason, seconds=seconds, peak=peak)

    def _fresh(self, task: Task) -> _Child:
        if self._child is not None and (self._child.memory != task.memory or not self._child.send(task)):
            self.close()
        if self._child is None:
            self._child = _Child(task)
            self._child.send(task)
        return self._child

    def close(self) -> None:
        """End the child, if there is one; what it used then counts as used by this process."""
        if self._child is not None:
            self._child.end()
            self._child = None


class _Child:
    """A forked process with its limits; it answers one task after the other.

    Attributes:
        pid: its process id.
        memory: the limit that it was forked with.
        start: bytes it held at first.
    """

    def __init__(self, task: Task) -> None:
        self.memory = task.memory
        theirs_in, self._tasks = os.pipe()
        self._answers, theirs_out = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._tasks)
            os.close(self._answers)
            _serve(theirs_in, theirs_out, task.memory)
        os.close(theirs_in)
        os.close(theirs_out)
        self.start = _resident(self.pid)

    def send(self, task: Task) -> bool:
        """Give it a task; False when it is gone."""
        data = pickle.dumps(task)
        whole = LENGTH.pack(len(data)) + data
        try:
            while whole:
                whole = whole[os.write(self._tasks, whole) :]
        except OSError:
            return False
        return True

    def answer(self, task: Task, parent: int) -> tuple[bytes | None, str]:
        """Return what it wrote, None for no whole answer, and why it has to be ended (`""` for no reason)."""
        deadline = time.monotonic() + task.timeout if task.timeout else float("inf")
        pieces, missing = bytearray(), LENGTH.size
        while True:
            ready, _, _ = select.select([self._answers, parent], [], [], LOOK)
            if self._answers in ready:
                piece = os.read(self._answers, 1 << 20)
                if not piece:
                    return None, ""
                pieces += piece
                if len(pieces) >= LENGTH.size:
                    missing = LENGTH.size + LENGTH.unpack_from(pieces)[0]
                if len(pieces) >= missing > LENGTH.size:
                    return bytes(pieces[LENGTH.size : missing]), ""
            elif parent in ready:
                return None, "parent"
            if time.monotonic() > deadline:
                return None, TIMEOUT
            if task.memory and _resident(self.pid) > task.memory:
                return None, MEMORY

    def end(self, *, kill: bool = True) -> tuple[int, int]:
        """End it, or wait for its end; return its exit code and the most bytes it held."""
        os.close(self._tasks)
        os.close(self._answers)
        if kill:
            os.kill(self.pid, signal.SIGKILL)
        _, status, used = os.wait4(self.pid, 0)
        return os.waitstatus_to_exitcode(status), used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _worn(memory: int) -> int:
    """Return by how many bytes a child may grow, from its limit (0 for none)."""
    return min(WORN, memory // 8) if memory else WORN


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


def _serve(tasks: int, answers: int, memory: int) -> NoReturn:
    """Answer tasks until there are no more; what cannot be answered is the exit status."""
    try:
        _bound(memory)
        keep_to_one()
        with os.fdopen(tasks, "rb", buffering=0) as source, os.fdopen(answers, "wb") as stream:
            while True:
                try:
                    task: Task = pickle.loads(receive(Whole(source)))  # noqa: S301  from the template
                except Broken:
                    os._exit(0)
                send(stream, _answer(task))
    except MemoryError:
        os._exit(NO_MEMORY)
    finally:
        os._exit(BROKEN)


def _answer(task: Task) -> bytes:
    _measure_anew()
    outcome = work(task)
    try:
        return packed(replace(outcome, peak=_peak()))
    except MemoryError:
        return packed(Outcome(task.key, FAILED, MEMORY, "the report did not fit into memory"))


def _measure_anew() -> None:
    """Let the kernel count the peak of this process from here on, where it offers that."""
    with suppress(OSError):
        handle = os.open("/proc/self/clear_refs", os.O_WRONLY)
        try:
            os.write(handle, b"5")
        finally:
            os.close(handle)


def _peak() -> int:
    """Return the most bytes this process held in memory, 0 where nothing tells."""
    try:
        with open("/proc/self/status", "rb") as status:  # noqa: PTH123  no object more than needed where memory is short
            line = next(line for line in status if line.startswith(b"VmHWM:"))
        return int(line.split()[1]) << 10
    except (OSError, StopIteration, ValueError, IndexError):
        return 0 if resource is None else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _bound(memory: int) -> None:
    """Set this process's limits; it ends with its parent where the kernel offers that."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if resource is None:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory:
        which = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        most = int(memory * HARD) + RESERVED
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
