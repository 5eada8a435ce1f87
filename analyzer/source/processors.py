"""How many processors this process may use by forking."""

from __future__ import annotations

import os
import threading

_alone = False


def processors() -> int:
    """Return how many processors there are for this process and its forks.

    It is 1 where a fork is not safe (other threads), where the system lacks what forks share, and where somebody else
    spreads the work (`keep_to_one`).
    """
    if _alone or not hasattr(os, "memfd_create") or threading.active_count() > 1:
        return 1
    return len(os.sched_getaffinity(0))


def keep_to_one() -> None:
    """Fork no more: this process is one of many, and its limits hold for itself alone."""
    global _alone  # noqa: PLW0603  a fact about the process
    _alone = True
