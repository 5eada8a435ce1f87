"""A plain tar in pieces: several processes gather the members of one each, ahead of the process that wants them.

Whether a member starts where they found one is for that process to find out, by coming there; it gathers by itself
wherever they have not. Each loads numpy when it first needs it: the program is loaded meanwhile.
"""

from __future__ import annotations

from functools import cached_property
from mmap import mmap
from typing import TYPE_CHECKING

from analyzer.source.parallel import Ahead
from analyzer.source.tar.header import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.limits import Limits
    from analyzer.source.tar.batch import Scan
    from analyzer.source.tar.hop import Hopper

WORTH = 64 << 20
"""Bytes that are worth further processes."""
PIECES, LEAST, LARGEST = 64, 16 << 20, 128 << 20
"""Pieces of a file, about, and how many bytes one has."""
HELD = 4
"""Pieces that this process holds, at most, while it waits for one before them."""


class Pieces:
    """The members of a plain tar by their offsets; the further processes begin at once.

    Args:
        file: descriptor, where in it the tar starts, and how long it is.
        limits: bounds on what is read.
        contents: whether the checksums of contents are wanted.
    """

    def __init__(self, file: tuple[int, int, int], limits: Limits, *, contents: bool) -> None:
        self._file, self._limits, self._contents = file, limits, contents
        self._span = mmap(-1, 16)
        size = file[2]
        self._step = min(max(size // PIECES, LEAST), LARGEST) // BLOCK * BLOCK
        self._ahead = Ahead(self._members, -(-size // self._step), HELD, forks=size >= WORTH)
        self._piece = -1
        self._scans: Iterator[Scan] = iter(())
        self._scan: Scan | None = None

    def look(self, offset: int) -> Scan | None:
        """Return members from an offset on, None where none is found there."""
        piece = offset // self._step
        if piece != self._piece:
            self._piece, self._scans, self._scan = piece, self._ahead.take(piece), None
        while self._scan is None or self._scan.ends[-1] <= offset:
            self._scan = next(self._scans, None)
            if self._scan is None:
                break
        if self._scan is not None and offset in self._scan.begins:
            return self._scan
        return self._hopper.scan(offset, (piece + 1) * self._step)

    def close(self) -> None:
        """End the further processes."""
        self._ahead.close()

    @cached_property
    def _hopper(self) -> Hopper:
        from analyzer.source.tar.hop import Hopper  # noqa: PLC0415  numpy is not for every bundle

        return Hopper(self._file, self._limits, contents=self._contents, span=self._span)

    def _members(self, piece: int) -> Iterator[Scan]:
        """Yield the members that start in a piece, as far as they can be found from its start."""
        yield from self._hopper.members(piece * self._step, min((piece + 1) * self._step, self._file[2]))
