"""Forks of this process: how many there may be, how one begins and how it ends."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress

from analyzer.source.allocation import keep_freed

MOST = 4
"""Processes that one bundle is worth: each holds a part of what it looks at once more."""

_alone = False


def processors() -> int:
    """Return how many processors there are for this process and its forks, at most `MOST`.

    It is 1 where a fork is not safe (other threads), where the system lacks what forks share, and where somebody else
    spreads the work (`keep_to_one`).
    """
    if _alone or not hasattr(os, "memfd_create") or threading.active_count() > 1:
        return 1
    return min(len(os.sched_getaffinity(0)), MOST)


def keep_to_one() -> None:
    """Fork no more: this process is one of many, and its limits hold for itself alone."""
    global _alone  # noqa: PLW0603  a fact about the process
    _alone = True


def fork(work: Callable[[], None]) -> int:
    """Return the id of a child that does some work and then ends, with status 0 unless the work raised.

    Raises:
        OSError: the system has no room for it.
    """
    import resource  # noqa: PLC0415  not on every system, but where a fork is

    if child := os.fork():
        return child
    status = 1
    try:
        gc.disable()  # a collection would copy every page it looks at
        keep_freed()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
        signal.signal(signal.SIGBUS, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        work()
        status = 0
    finally:
        os._exit(status)


def end(child: int) -> None:
    """End a child, whatever it is doing."""
    with suppress(ChildProcessError, ProcessLookupError):  # reaped already, where SIGCHLD is ignored
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
