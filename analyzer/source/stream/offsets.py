"""Read pieces of a plain tar by their offsets, for what a second pass in stream order would have to hold in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def has_offsets(path: str, form: str) -> bool:
    """Tell whether the content offsets of members are offsets of the file itself."""
    return form == "tar" and hasattr(os, "preadv") and os.path.isfile(path)  # noqa: PTH113  a name that no file can have is none


class Offsets:
    """An open plain tar."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def readinto(self, view: memoryview, offset: int) -> int:
        """Fill a part of `view` with what is at `offset`; return its length in bytes, 0 only where the file ends."""
        return os.preadv(self._fd, [view], offset)


@contextmanager
def open_offsets(path: str) -> Iterator[Offsets]:
    """Open a plain tar for reading by offset."""
    with Path(path).open("rb", buffering=0) as file:
        yield Offsets(file.fileno())
