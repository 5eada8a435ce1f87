"""Do pieces of work that need no one another in two processes, where there is a second processor.

The second process is a fork: it has everything that was read, and only results go back. Whatever goes wrong with it,
this process does its share too, so that the outcome is the same with one process as with two.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")

WORTH = 1 << 20
"""Sum of weights (compressed bytes of tar-splits) from which a fork costs less than it saves: about 20,000 files."""
PIECE = 1 << 20


def shared(work: Callable[[Item], Result], items: Sequence[Item], weigh: Callable[[Item], int]) -> list[Result]:
    """Return what `work` gives for each item, in order.

    Args:
        work: reads what it needs, changes nothing but caches, and gives something that can be pickled.
        items: what to work on.
        weigh: about how much work an item is.
    """
    weights = [weigh(item) for item in items]
    if sum(weights) < WORTH or len(items) < 2 or not _second_processor():
        return [work(item) for item in items]
    theirs = _half(weights)
    child = _Child(work, [items[at] for at in theirs])
    try:
        ours = {at: work(items[at]) for at in range(len(items)) if at not in theirs}
    except BaseException:
        child.end()
        raise
    results = child.results()
    if results is None:
        ours |= {at: work(items[at]) for at in theirs}
    else:
        ours |= dict(zip(theirs, results, strict=True))
    return [ours[at] for at in range(len(items))]


def _second_processor() -> bool:
    """Tell whether a fork is safe here and has a processor to run on."""
    if not sys.platform.startswith("linux") or threading.active_count() > 1:
        return False
    return len(os.sched_getaffinity(0)) > 1


def _half(weights: Sequence[int]) -> list[int]:
    """Return the items of one of two shares of about the same weight, ascending."""
    left = right = 0
    half = []
    for at in sorted(range(len(weights)), key=lambda at: -weights[at]):
        if left < right:
            left += weights[at]
            half.append(at)
        else:
            right += weights[at]
    return sorted(half)


class _Child:
    """A fork that works on some items and hands back the results."""

    def __init__(self, work: Callable[[Any], Any], items: Sequence[Any]) -> None:
        parent = os.getpid()
        self._pid, self._pipe = -1, -1
        ours, theirs = os.pipe()
        gc.freeze()  # a collection in the child would copy every page it looks at
        try:
            self._pid = os.fork()
        except OSError:
            os.close(ours)
            os.close(theirs)
            return
        finally:
            if self._pid:
                gc.unfreeze()
        if self._pid == 0:
            status = 1
            try:
                os.close(ours)
                _work(work, items, theirs, parent)
                status = 0
            finally:
                os._exit(status)
        os.close(theirs)
        self._pipe = ours

    def end(self) -> None:
        """Stop the child, whose results nobody waits for."""
        if self._pid > 0:
            os.kill(self._pid, signal.SIGKILL)
            os.close(self._pipe)
            os.waitpid(self._pid, 0)

    def results(self) -> list[Any] | None:
        """Return the results, None where the child failed."""
        if self._pid < 0:
            return None
        pieces = []
        while piece := os.read(self._pipe, PIECE):
            pieces.append(piece)
        os.close(self._pipe)
        _, status = os.waitpid(self._pid, 0)
        if status:
            return None
        results: list[Any] = pickle.loads(b"".join(pieces))  # noqa: S301  from our own fork
        return results


def _work(work: Callable[[Any], Any], items: Sequence[Any], pipe: int, parent: int) -> None:
    """Work on items as long as the parent lives, then write all results."""
    results = []
    for item in items:
        if os.getppid() != parent:
            return
        results.append(work(item))
    view = memoryview(pickle.dumps(results, protocol=pickle.HIGHEST_PROTOCOL))
    while view:
        view = view[os.write(pipe, view) :]
