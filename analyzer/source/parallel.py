"""Do pieces of work that need no one another in several processes, where there are processors for them.

The further processes are forks: they have everything that was read, and only results go back. Whoever is idle takes the
next piece. Whatever goes wrong with a fork, this process does its share too, so that the outcome is the same as with
one process.
"""

from __future__ import annotations

import os
import pickle
from struct import Struct
from typing import TYPE_CHECKING, Any, TypeVar

from analyzer.source.forks import end, fork, processors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")

WORTH = 1 << 20
"""Sum of weights (compressed bytes of tar-splits) from which a fork costs less than it saves: about 20,000 files."""
PIECE = 1 << 20
PLACE = Struct("=q")


def map_in_workers(work: Callable[[Item], Result], items: Sequence[Item], weigh: Callable[[Item], int]) -> list[Result]:
    """Return what `work` gives for each item, in order.

    Args:
        work: reads what it needs, changes nothing but caches, and gives something that can be pickled.
        items: what to work on.
        weigh: about how much work an item is.
    """
    weights = [weigh(item) for item in items]
    count = min(processors(), len(items))
    if sum(weights) < WORTH or count < 2:
        return [work(item) for item in items]
    try:
        queue = _queue(sorted(range(len(items)), key=lambda at: -weights[at]))
    except OSError:
        return [work(item) for item in items]
    children: list[_Child] = []

    def share() -> dict[int, Result]:
        return {at: work(items[at]) for at in _taken(queue)}

    try:
        children.extend(_Child(share) for _ in range(count - 1))
        done = share()
        for child in children:
            done |= child.results()
    finally:
        os.close(queue)
        for child in children:
            child.end()
    return [done[at] if at in done else work(items[at]) for at in range(len(items))]


def _queue(places: list[int]) -> int:
    """Return a file that holds places in the list of items; forks share how far it has been read."""
    queue = os.memfd_create("queue")
    os.write(queue, b"".join(map(PLACE.pack, places)))
    os.lseek(queue, 0, os.SEEK_SET)
    return queue


def _taken(queue: int) -> Iterator[int]:
    """Yield the places that this process is the one to take, as long as it has the parent it has now."""
    parent = os.getppid()
    while os.getppid() == parent and len(said := os.read(queue, PLACE.size)) == PLACE.size:
        yield PLACE.unpack(said)[0]


class _Child:
    """A fork that hands back what `work` gives it, by place.

    Args:
        work: what it does.
    """

    def __init__(self, work: Callable[[], dict[int, Any]]) -> None:
        self._pid, self._pipe = -1, -1
        try:
            ours, theirs = os.pipe()
        except OSError:
            return

        def hand_back() -> None:
            os.close(ours)
            _send(work(), theirs)

        try:
            self._pid, self._pipe = fork(hand_back), ours
        except OSError:
            os.close(ours)
        finally:
            os.close(theirs)

    def results(self) -> dict[int, Any]:
        """Return the results, none where the child failed."""
        if self._pid < 0:
            return {}
        pieces = []
        while piece := os.read(self._pipe, PIECE):
            pieces.append(piece)
        pid, self._pid = self._pid, -1
        os.close(self._pipe)
        try:
            if os.waitpid(pid, 0)[1]:
                return {}
        except ChildProcessError:  # reaped already, where SIGCHLD is ignored: nobody knows whether it failed
            return {}
        results: dict[int, Any] = pickle.loads(b"".join(pieces))  # noqa: S301  from our own fork
        return results

    def end(self) -> None:
        """Stop the child where nobody has waited for its results."""
        if self._pid > 0:
            end(self._pid)
            os.close(self._pipe)
            self._pid = -1


def _send(results: dict[int, Any], pipe: int) -> None:
    """Write the results; a pipe that nobody reads any more ends the process."""
    view = memoryview(pickle.dumps(results, protocol=pickle.HIGHEST_PROTOCOL))
    while view:
        view = view[os.write(pipe, view) :]
