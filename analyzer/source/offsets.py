"""Read pieces of a plain tar by their offsets, for what a second pass in stream order would have to hold in memory."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 1 << 20


def has_offsets(path: str, form: str) -> bool:
    """Tell whether the content offsets of members are offsets of the file itself."""
    return form == "tar" and hasattr(os, "pread") and Path(path).is_file()


class Offsets:
    """An open plain tar."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def pieces(self, offset: int, size: int) -> Iterator[memoryview]:
        """Yield `size` bytes from `offset` on; fewer where the file ends."""
        while size > 0:
            data = os.pread(self._fd, min(size, PIECE), offset)
            if not data:
                return
            offset, size = offset + len(data), size - len(data)
            yield memoryview(data)


@contextmanager
def open_offsets(path: str) -> Iterator[Offsets]:
    """Open a plain tar for reading by offset."""
    with Path(path).open("rb", buffering=0) as file:
        yield Offsets(file.fileno())
