"""Open what the user gave as a stream of members, or say in one line why that cannot be done."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from analyzer.errors import UnreadableError
from analyzer.limits import DEFAULT, Limits
from analyzer.source.directory import DirectorySource, open_quietly
from analyzer.source.locations.urls import is_url, open_url
from analyzer.source.member_source import MemberSource
from analyzer.source.reading_log import ReadingLog
from analyzer.source.stream.input import Input, Watch
from analyzer.source.stream.wrapped import made, unwrapped
from analyzer.source.tar_source import TarSource

INSIDE = "!/"
"""Between a bundle and the archive in it that is meant."""


def open_bundle(
    path: str | os.PathLike[str],
    *,
    limits: Limits = DEFAULT,
    hash_input: bool = False,
    stdin: BinaryIO | None = None,
) -> MemberSource:
    """Open a bundle: a tar (plain, gzip, zstd, xz, bzip2), a directory, `-` for a tar on standard input, or a URL.

    A zip, 7-Zip (with the extra `7z`) or cpio archive is read as the tar it stands for, and so are the parts of a
    split file from the first one.

    Args:
        path: the bundle; a symlink to it is followed. `OUTER!/MEMBER` is an archive inside another bundle. What a URL
            leads to (`s3://bucket/node.tar`) is a tar.
        limits: bounds on what is read.
        hash_input: whether to digest the whole file (not a directory) with SHA-256 while reading.
        stdin: the stream that `-` means, the process's own by default.

    Raises:
        UnreadableError: missing, unreadable, empty, or something else than a tar or directory; says what it is.
        BrokenOffError: what a URL leads to cannot be reached, or reading it broke off.
        UsageError: URLs of this scheme cannot be read here.
    """
    name = os.fspath(path)
    if is_url(name):
        return open_url(name, limits, hash_input=hash_input)
    records = ReadingLog(name)
    if name == "-":
        stream = stdin or sys.stdin.buffer
        return TarSource(Input(stream, name, records, hashed=hash_input), limits, records, _watch(stream))
    if INSIDE in name and not os.path.lexists(name):
        outer, _, member = name.rpartition(INSIDE)
        return _inside(outer, member, limits, records)
    handle = _open(name)
    source: DirectorySource | TarSource
    if handle is None:
        source = DirectorySource(name, limits, records)
        source.again = partial(open_bundle, path, limits=limits)
        return source
    if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
        return TarSource(Input(handle, name, records, hashed=hash_input), limits, records)
    watch = Watch(handle, name)
    wrapper, stream = unwrapped(handle, name, limits, records)
    source = TarSource(Input(stream, name, records, hashed=hash_input), limits, records, watch)
    if wrapper:
        source.format = wrapper if source.format == "tar" else f"{wrapper}:{source.format}"
    source.again = partial(open_bundle, path, limits=limits)
    return source


def _inside(outer: str, member: str, limits: Limits, records: ReadingLog) -> TarSource:
    """Open an archive that is a member of another bundle."""
    holder = open_bundle(outer, limits=limits)
    name = f"{outer}{INSIDE}{member}"

    def pieces() -> Iterator[bytes | memoryview]:
        try:
            for found, body in holder:
                if found.path == member:
                    yield from body.chunks()
                    return
            raise UnreadableError("there is no such member", where=name)
        finally:
            records.losses.extend(holder.losses)
            holder.close()

    source = TarSource(Input(made(pieces()), name, records), limits, records)
    source.format = f"{holder.format}:{source.format}"
    source.again = partial(open_bundle, name, limits=limits)
    return source


def _watch(stream: BinaryIO) -> Watch | None:
    """Return what watches a file that is redirected to a stream, None for a pipe."""
    try:
        return Watch(stream) if stat.S_ISREG(os.fstat(stream.fileno()).st_mode) else None
    except (OSError, AttributeError, ValueError):
        return None


def _open(name: str) -> BinaryIO | None:
    """Open a regular file, or a FIFO or device the user named; None for a directory."""
    try:
        if stat.S_ISDIR(Path(name).stat().st_mode):
            return None
        return open(name, "rb", buffering=0, opener=open_quietly)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(f"cannot be opened ({reason}); expected a tar or a directory", where=name) from error
