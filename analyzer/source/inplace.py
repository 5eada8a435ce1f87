"""Contents of an uncompressed tar, read where they lie."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Pieces = Callable[[int, int], Iterator[memoryview]]

PIECE = 1 << 20


@contextmanager
def in_place(path: str) -> Iterator[Pieces | None]:
    """Give a function of (offset, size) in bytes that yields what lies there; None where `path` is no regular file."""
    if not Path(path).is_file() or not hasattr(os, "pread"):
        yield None
        return
    with Path(path).open("rb", buffering=0) as file:
        descriptor = file.fileno()

        def pieces(offset: int, size: int) -> Iterator[memoryview]:
            while size > 0:
                data = os.pread(descriptor, min(size, PIECE), offset)
                if not data:
                    return
                offset, size = offset + len(data), size - len(data)
                yield memoryview(data)

        yield pieces
