"""Do pieces of work that need no one another in several processes, where there are processors for them.

The further processes are forks: they have everything that was read, and only results go back. Whoever is idle takes the
next piece. Whatever goes wrong with a fork, this process does its share too, so that the outcome is the same as with
one process.
"""

from __future__ import annotations

import os
import pickle
from contextlib import suppress
from select import poll
from struct import Struct
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from analyzer.source.forks import end, fork, processors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")

WORTH = 1 << 20
"""Sum of weights (compressed bytes of tar-splits) from which a fork costs less than it saves: about 20,000 files."""
WAITING = 32
"""Results of a fork that wait to be taken, at most."""
SLOT = 1 << 32
"""Bytes from one of them to the next in the memory that both processes have; what is not filled takes no room."""
SAID = Struct("=qq")
"""What a fork says of a result: its piece, its length; and of a piece that is done: itself, 0."""
PLACE = Struct("=q")


def map_in_workers(work: Callable[[Item], Result], items: Sequence[Item], weigh: Callable[[Item], int]) -> list[Result]:
    """Return what `work` gives for each item, in order.

    Args:
        work: reads what it needs, changes nothing but caches, and gives something that can be pickled.
        items: what to work on.
        weigh: about how much work an item is.
    """
    weights = [weigh(item) for item in items]
    order = sorted(range(len(items)), key=lambda at: -weights[at])

    def one(piece: int) -> Iterator[Result]:
        yield work(items[order[piece]])

    ahead = Ahead(one, len(items), len(items), forks=sum(weights) >= WORTH)
    done: dict[int, Result] = {}
    try:
        for piece, at in enumerate(order):
            found = list(ahead.take(piece))
            done[at] = found[0] if found else work(items[at])
    finally:
        ahead.close()
    return [done[at] for at in range(len(items))]


class Ahead(Generic[Result]):
    """Pieces of work, numbered from 0, that several processes do in their order; this one takes the results in order.

    Args:
        work: gives the results of a piece, which can be pickled; it changes nothing but caches.
        count: how many pieces there are.
        most: pieces that this process does and holds, at most, while others are at the one it waits for.
        forks: whether the work is worth further processes.
    """

    def __init__(self, work: Callable[[int], Iterator[Result]], count: int, most: int, *, forks: bool = True) -> None:
        self._work, self._most = work, most
        self._done: dict[int, list[Result]] = {}
        self._workers: list[Worker] = []
        self._queue = -1
        if not forks or min(processors(), count) < 2:
            return
        with suppress(OSError):
            self._queue = _queue(count)
            for _ in range(min(processors(), count) - 1):
                self._workers.append(Worker(self._share, self._workers))

    def take(self, piece: int) -> Iterator[Result]:
        """Yield the results of a piece as they come; nothing where it is the caller's to do, or was lost half-way.

        Those of the pieces before it are let go.
        """
        for before in [each for each in self._done if each < piece]:
            del self._done[before]
        while piece not in self._done:
            told = [(worker, worker.has(piece)) for worker in self._workers]
            if found := [worker for worker, has in told if has]:
                if (result := found[0].take()) is None:
                    return
                yield result
                continue
            if not (unknown := [worker for worker, has in told if has is None]):
                return
            mine = self._next(piece) if len(self._done) < self._most else None
            if mine == piece:
                return
            if mine is None:
                _wait(unknown)
            else:
                self._done[mine] = list(self._work(mine))
        yield from self._done.pop(piece)

    def close(self) -> None:
        """End the further processes."""
        for worker in self._workers:
            worker.end()
        if self._queue >= 0:
            os.close(self._queue)
            self._queue = -1

    def _next(self, least: int = 0) -> int | None:
        """Return the next piece that nobody has begun, from one on; it is this process's to do. None: there is none."""
        while said := os.read(self._queue, PLACE.size):
            piece: int = PLACE.unpack(said)[0]
            if piece >= least:
                return piece
        return None

    def _share(self) -> Iterator[tuple[int, Result | None]]:
        """Yield the results of pieces, None behind those of each, as long as this process has the parent it has now."""
        parent = os.getppid()
        while os.getppid() == parent and (piece := self._next()) is not None:
            for result in self._work(piece):
                yield piece, result
            yield piece, None


def _queue(count: int) -> int:
    """Return a file that holds numbers from 0 on; forks share how far it has been read."""
    queue = os.memfd_create("queue")
    os.write(queue, b"".join(map(PLACE.pack, range(count))))
    os.lseek(queue, 0, os.SEEK_SET)
    return queue


def _wait(workers: Iterable[Worker]) -> None:
    """Wait until one of them says something, or has ended."""
    polled = poll()
    for worker in workers:
        polled.register(worker.said)
    polled.poll()


class Worker:
    """A fork whose results are taken in their order while it makes the next.

    It waits when nobody takes them, and ends when this process does.

    Args:
        work: gives (piece, result), pieces ascending, and (piece, None) behind the results of each.
        others: the workers there are.

    Attributes:
        said: pipe through which it tells of its results, -1 when nothing more comes.
    """

    def __init__(self, work: Callable[[], Iterator[tuple[int, Any]]], others: Iterable[Worker]) -> None:
        self._pid = self.said = self._free = self._memory = -1
        self._next: tuple[int, int] | None = None
        self._taken = 0
        theirs = [fd for worker in others for fd in (worker.said, worker._free) if fd >= 0]  # noqa: SLF001  of its kind
        opened: list[int] = []
        try:
            opened += [os.memfd_create("results")]
            opened += os.pipe()
            opened += os.pipe()
            memory, said, tell, wait, free = opened

            def hand_on() -> None:
                for fd in (said, free, *theirs):
                    os.close(fd)
                for number, (piece, result) in enumerate(work()):
                    data = b"" if result is None else pickle.dumps(result, protocol=pickle.HIGHEST_PROTOCOL)
                    if number >= WAITING and not os.read(wait, 1):
                        return
                    _write(memory, data, number % WAITING * SLOT)
                    os.write(tell, SAID.pack(piece, len(data)))

            self._pid = fork(hand_on)
            opened = [tell, wait]
            self.said, self._free, self._memory = said, free, memory
            os.set_blocking(said, False)
        finally:
            for fd in opened:
                os.close(fd)

    def has(self, piece: int) -> bool | None:
        """Tell whether the next result is of a piece; None where that is not known yet. Lets go of earlier pieces."""
        while (head := self._head()) is not None and head[0] < piece:
            self._pass()
        return None if head is None and self.said >= 0 else head is not None and head[0] == piece

    def take(self) -> Any:
        """Return the next result, which it has; None behind the last of a piece."""
        _, length = self._next or (0, 0)
        place = self._taken % WAITING * SLOT
        result = pickle.loads(os.pread(self._memory, length, place)) if length else None  # noqa: S301  from our own fork
        self._pass()
        return result

    def _head(self) -> tuple[int, int] | None:
        """Return piece and length of the next result, None where there is none, or none yet."""
        if self._next is None and self.said >= 0:
            with suppress(BlockingIOError):
                if said := os.read(self.said, SAID.size):
                    self._next = SAID.unpack(said)
                else:
                    self.end()
        return self._next

    def _pass(self) -> None:
        """Let go of the next result, so that the worker can go on."""
        self._next = None
        self._taken += 1
        with suppress(BrokenPipeError):
            os.write(self._free, b"\0")

    def end(self) -> None:
        """Stop it, whatever it is doing."""
        if self._pid > 0:
            end(self._pid)
            for fd in (self.said, self._free, self._memory):
                os.close(fd)
            self._pid = self.said = self._free = self._memory = -1
            self._next = None


def _write(file: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written
