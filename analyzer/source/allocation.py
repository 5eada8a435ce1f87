"""Ready the process for work that makes much: spare it what the memory of Python and of the C library costs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

KEPT = (32 << 20) - (64 << 10)
"""Just below the most that glibc learns from (`DEFAULT_MMAP_THRESHOLD_MAX`)."""


@cache
def keep_freed() -> None:
    """Keep what is freed from now on for what is made next; done once, also for forks, as it takes what it keeps.

    glibc gives a piece of memory back to the system when it is freed, and the next one has to be cleared page by page,
    unless as large a piece was freed before (mallopt(3), `M_MMAP_THRESHOLD`): a third of the time that columns of a few
    megabytes take.
    """
    bytes(KEPT)


@contextmanager
def much_made() -> Iterator[None]:
    """Collect no cycles inside, for reading makes none and a collection looks at all of it; keep what is freed."""
    keep_freed()
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
