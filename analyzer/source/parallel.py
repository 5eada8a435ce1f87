"""Do pieces of work that need no one another in several processes, where there are processors for them.

The further processes are forks: they have everything that was read, and only results go back. Whoever is idle takes the
next piece. Whatever goes wrong with a fork, this process does its share too, so that the outcome is the same as with
one process.
"""

from __future__ import annotations

import os
import pickle
from select import select
from struct import Struct
from typing import TYPE_CHECKING, Any, TypeVar

from analyzer.source.forks import end, fork, processors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")

WORTH = 1 << 20
"""Sum of weights (compressed bytes of tar-splits) from which a fork costs less than it saves: about 20,000 files."""
PIECE = 1 << 20
MOST_HELD = 16 << 20
"""Bytes of results that are taken in before they are wanted."""
PLACE = LENGTH = Struct("=q")


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
    workers: list[Worker] = []

    def share() -> Iterator[tuple[int, Result]]:
        return ((at, work(items[at])) for at in _taken(queue))

    done: dict[int, Result] = {}
    try:
        for _ in range(count - 1):
            workers.append(Worker(share, workers))
        for at, result in share():
            done[at] = result
            for worker in workers:
                worker.drain()
        for worker in workers:
            done |= iter(worker.take, None)
    finally:
        os.close(queue)
        for worker in workers:
            worker.end()
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


class Worker:
    """A fork whose results are taken one by one, in their order, while it makes the next.

    It waits when nobody takes them, and ends when this process does.

    Args:
        work: gives results that can be pickled, none of them None.
        others: the workers there are.

    Attributes:
        pipe: what results come through, -1 when nothing more does.
    """

    def __init__(self, work: Callable[[], Iterator[Any]], others: Iterable[Worker]) -> None:
        self._pid, self.pipe, self._held = -1, -1, bytearray()
        before = [worker.pipe for worker in others if worker.pipe >= 0]
        try:
            ours, theirs = os.pipe()
        except OSError:
            return

        def hand_on() -> None:
            for pipe in (ours, *before):
                os.close(pipe)
            for result in work():
                _send(result, theirs)

        try:
            self._pid, self.pipe = fork(hand_on), ours
            os.set_blocking(ours, False)
        except OSError:
            os.close(ours)
        finally:
            os.close(theirs)

    def take(self) -> Any:
        """Return the next result, None when there is none: the work is done, or has failed."""
        held = self._held
        while True:
            if len(held) >= LENGTH.size:
                (length,) = LENGTH.unpack_from(held)
                if len(held) >= LENGTH.size + length:
                    with memoryview(held) as view:
                        result = pickle.loads(view[LENGTH.size : LENGTH.size + length])  # noqa: S301  from our own fork
                    del held[: LENGTH.size + length]
                    return result
            if self.pipe < 0 or not (select([self.pipe], [], []) and self._read()):
                return None

    def drain(self) -> None:
        """Take in what is there, so that the worker can go on."""
        while len(self._held) < MOST_HELD and self.pipe >= 0 and self._read():
            pass

    def _read(self) -> bool:
        """Read once from the pipe; tell whether there was something. Close it at its end."""
        try:
            piece = os.read(self.pipe, PIECE)
        except BlockingIOError:
            return False
        self._held += piece
        if not piece:
            self.end()
        return bool(piece)

    def end(self) -> None:
        """Stop it, whatever it is doing; what has come from it can still be taken."""
        if self._pid > 0:
            end(self._pid)
            os.close(self.pipe)
            self._pid = self.pipe = -1


def _send(result: Any, pipe: int) -> None:
    """Write a result; a pipe that nobody reads any more ends the process."""
    data = pickle.dumps(result, protocol=pickle.HIGHEST_PROTOCOL)
    view = memoryview(LENGTH.pack(len(data)) + data)
    while view:
        view = view[os.write(pipe, view) :]
