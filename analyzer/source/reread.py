"""Read the content of one member again, without keeping anything of the others."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from fastcrc import crc64

from analyzer.errors import UnreadableError
from analyzer.limits import DEFAULT, Limits
from analyzer.source.directory import PIECE, READ_DIRECTORY, READ_FILE, RELATIVE, open_quietly
from analyzer.source.member import FILE, HARDLINK, Body, Member
from analyzer.source.member_source import MemberSource
from analyzer.source.open import open_bundle

LINK_HOPS = 8


def reread(bundle: str, path: str, *, offset: int = -1, limits: Limits = DEFAULT) -> Iterator[bytes]:
    """Yield the content of the member `path`; a hard link gives its target's.

    Args:
        bundle: what `open_bundle` takes, but not a pipe.
        path: member path.
        offset: `data_offset` of the member that is meant, where the archive has several of that name; -1 for the last
            whole one.
        limits: bounds on what is read.

    Raises:
        UnreadableError: there is no such file, or it is cut.
    """
    if os.path.isdir(bundle):  # noqa: PTH112  a name that no file can have is none
        yield from _from_directory(bundle, path)
        return
    for _ in range(LINK_HOPS):
        if offset < 0:
            offset, link = _place(bundle, path, limits)
            if link:
                path, offset = link, -1
                continue
        yield from _at(bundle, path, offset, limits)
        return
    raise UnreadableError("hard links without end", where=path)


def reread_plain(bundle: str, offset: int, size: int, crc: int) -> Iterator[bytes] | None:
    """Return the content of a file of an uncompressed tar straight from its place, None where it is not there.

    Args:
        bundle: path of the tar.
        offset: where the content was seen to start.
        size: of the content in bytes.
        crc: CRC-64/GO-ISO the content must have; a file with holes, whose content lies otherwise, has another.
    """
    if _crc(_pieces(bundle, offset, size)) != (size, crc):
        return None
    return _pieces(bundle, offset, size)


def _crc(pieces: Iterator[bytes]) -> tuple[int, int]:
    size = crc = 0
    for piece in pieces:
        crc = crc64.go_iso(piece, crc) if size else crc64.go_iso(piece)
        size += len(piece)
    return size, crc


def _pieces(bundle: str, offset: int, size: int) -> Iterator[bytes]:
    with Path(bundle).open("rb") as file:
        file.seek(offset)
        while size > 0 and (piece := file.read(min(size, PIECE))):
            size -= len(piece)
            yield piece


def _place(bundle: str, path: str, limits: Limits) -> tuple[int, str]:
    """Return (data offset, hard link target) of the last member of that name."""
    found: Member | None = None
    with closing(open_bundle(bundle, limits=limits)) as source:
        for member, _ in source:
            if member.path == path:
                found = member
    if found is None:
        raise UnreadableError(_absent(source), where=path)
    if found.kind not in (FILE, HARDLINK):
        raise UnreadableError(f"a {found.kind}, not a file", where=path)
    return found.data_offset, found.link if found.kind == HARDLINK else ""


def _at(bundle: str, path: str, offset: int, limits: Limits) -> Iterator[bytes]:
    with closing(open_bundle(bundle, limits=limits)) as source:
        for member, body in source:
            if member.path == path and member.data_offset == offset:
                yield from _whole(body, path)
                return
    raise UnreadableError(_absent(source), where=path)


def _absent(source: MemberSource) -> str:
    if source.losses:
        return f"no such member in what could be read; the bundle was not read whole ({source.losses[0].what})"
    return "no such member"


def _whole(body: Body, path: str) -> Iterator[bytes]:
    for chunk in body.chunks():
        yield bytes(chunk)
    if not body.complete:
        raise UnreadableError("the archive is cut inside it", where=path)


def _from_directory(bundle: str, path: str) -> Iterator[bytes]:
    """Open one file below a directory part by part, never through a link."""
    parts = path.split("/")
    if not all(part not in ("", ".", "..") for part in parts):
        raise UnreadableError("no path of a member", where=path)
    try:
        descriptor = _descend(bundle, parts)
    except OSError as error:
        raise UnreadableError(f"cannot be read ({error.strerror or error})", where=path) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableError("not a file", where=path)
        while piece := os.read(descriptor, PIECE):
            yield piece
    finally:
        os.close(descriptor)


def _descend(bundle: str, parts: list[str]) -> int:
    if not RELATIVE:
        return open_quietly(str(Path(bundle, *parts)), READ_FILE)
    parent = open_quietly(bundle, READ_DIRECTORY & ~getattr(os, "O_NOFOLLOW", 0))
    try:
        for part in parts[:-1]:
            inner = open_quietly(part, READ_DIRECTORY, parent)
            os.close(parent)
            parent = inner
        return open_quietly(parts[-1], READ_FILE, parent)
    finally:
        os.close(parent)
