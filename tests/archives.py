"""Real bundles as bytes: decompressed tars, where their members lie, and the same members under other paths."""

from __future__ import annotations

import copy
import functools
import io
import tarfile

import zstandard

from analyzer.api import judge
from analyzer.source.member import HARDLINK
from tests.editing import BUNDLES, Edited

SMALL = "podman-list"


@functools.cache
def tar_of(name: str) -> bytes:
    """Return the decompressed tar of a bundle."""
    with zstandard.ZstdDecompressor().stream_reader((BUNDLES / f"{name}.tar.zst").read_bytes()) as stream:
        return stream.read()


@functools.cache
def spans(name: str) -> tuple[tuple[str, int, int], ...]:
    """Return (path, start, end) of every member, its extended headers and padding included."""
    with tarfile.open(fileobj=io.BytesIO(tar_of(name))) as tar:
        members = tar.getmembers()
        end = tar.offset
    starts = [member.offset for member in members]
    ends = [*starts[1:], min(end, members[-1].offset_data + -(-members[-1].size // 512) * 512)]
    return tuple((member.name, start, stop) for member, start, stop in zip(members, starts, ends, strict=True))


def place(name: str, path: str) -> tuple[int, int]:
    """Return start and end of a member."""
    return next((start, end) for known, start, end in spans(name) if known.removeprefix("./") == path)


def content_place(name: str, path: str) -> tuple[int, int]:
    """Return where a member's content lies."""
    with tarfile.open(fileobj=io.BytesIO(tar_of(name))) as tar:
        member = next(member for member in tar if member.name.removeprefix("./") == path)
        return member.offset_data, member.offset_data + member.size


def moved(store: Edited, old: str, new: str) -> Edited:
    """Put everything below `old` below `new` (`""` is the top of the bundle)."""
    entries = {}
    for path, (member, data) in store.entries.items():
        entry = copy.copy(member)
        entry.path = _moved(path, old, new)
        if entry.kind == HARDLINK:
            entry.link = _moved(entry.link, old, new)
        if entry.path:
            entries[entry.path] = (entry, data)
    store.entries = entries
    return store


def _moved(path: str, old: str, new: str) -> str:
    if path != old and not path.startswith(old + "/"):
        return path
    return "/".join(filter(None, (new, path[len(old) + 1 :])))


def joined(*stores: Edited) -> Edited:
    """Put several bundles into one, in this order."""
    first = stores[0]
    for store in stores[1:]:
        first.entries.update(store.entries)
    return first


def report_of(store: Edited, **options):
    """Return the report on a bundle in memory."""
    return judge(store.snapshot(), **options)
