"""What tells one state of a bundle from another without reading it, and its digest, which reads it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from analyzer.errors import UnreadableError
from analyzer.source.locations.urls import BrokenOffError, filesystem, is_url
from analyzer.source.open import INSIDE

PIECE = 1 << 20
TAGS = ("ETag", "etag", "generation", "md5Hash", "checksum")
"""What a server changes whenever the content changes. A time is none of these: it has seconds, and copies keep it."""
WEAK = "W/"
"""Start of an ETag that other bytes may have as well."""


def identity(path: str) -> tuple[str, int] | None:
    """Return what changes whenever a bundle does, and its size in bytes (0 where that is not known).

    A file has its size, times and inode; a directory a digest of what `lstat` says of everything in it; an archive in
    a bundle what that bundle has; a URL what its server tells of its content (an ETag). `""` for a URL of which only
    size and time are told, None where nothing is: the bundle then has to be read.
    """
    if is_url(path):
        return _of_url(path)
    outer, inside, _ = path.rpartition(INSIDE)
    if inside and not os.path.lexists(path):  # its content has another size and digest
        found = identity(outer)
        return found and (found[0], 0)
    try:
        info = Path(path).stat()
        if stat.S_ISDIR(info.st_mode):
            return _of_directory(path), 0
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(info.st_mode):
        return None
    return f"file {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns} {info.st_ino}", info.st_size


def digest(path: str) -> str:
    """Return the SHA-256 of a file or of what is behind a URL, in hex.

    Raises:
        UnreadableError: it cannot be read.
    """
    made = hashlib.sha256()
    try:
        if is_url(path):
            system, inner = filesystem(path)
            with system.open(inner, "rb") as file:
                while piece := file.read(PIECE):
                    made.update(piece)
        else:
            with Path(path).open("rb") as file:
                while piece := file.read(PIECE):
                    made.update(piece)
    except UnreadableError:
        raise
    except Exception as error:
        kind = BrokenOffError if is_url(path) else UnreadableError
        raise kind(f"cannot be read ({getattr(error, 'strerror', None) or error})", where=path) from error
    return made.hexdigest()


def _of_url(path: str) -> tuple[str, int] | None:
    info: dict[str, Any] = {}
    with suppress(Exception):  # what a file system of any kind raises; the bundle is then read
        system, inner = filesystem(path)
        info = system.info(inner)
    tags = [f"{tag}={info[tag]}" for tag in TAGS if info.get(tag) and not str(info[tag]).startswith(WEAK)]
    size = info.get("size")
    known = size if isinstance(size, int) else 0
    if not tags and not known:
        return None
    return f"url {size} {' '.join(tags)}" if tags else "", known


def _of_directory(path: str) -> str:
    made = hashlib.sha256()
    for name, info in _entries(path):
        line = f"{name}\0{info.st_mode}\0{info.st_size}\0{info.st_mtime_ns}\0{info.st_ctime_ns}\n"
        made.update(line.encode("utf-8", "surrogateescape"))
    return f"directory {made.hexdigest()}"


def _entries(path: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield everything below a directory in a fixed order, without following links; what cannot be listed is left."""
    with suppress(OSError):
        for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
            yield entry.path, entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path)
