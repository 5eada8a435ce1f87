"""What a container's own layer changed against its image: added, changed, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from analyzer.graph.merged import Merged, MergedEntry, is_opaque, merged_view, stack_of
from analyzer.graph.relations import Relations
from analyzer.snapshot.content import Entry
from analyzer.snapshot.times import SECOND
from analyzer.source.member import DIRECTORY, FILE, HARDLINK

ADDED, CHANGED, DELETED = "A", "C", "D"
OWN_MARKS = ("trusted.overlay.", "user.overlay.")


class DriftChange(NamedTuple):
    """One difference.

    Attributes:
        kind: `A`, `C` or `D`, as `podman diff` has it.
        path: inside the container, without a leading slash.
        what: what changed (`content`, `size`, `mode`, `owner`, `kind`, `target`, `attributes`, `time`), or how.
        size: bytes of the container's file, 0 for a deletion.
        member: member path of the entry in the container's layer.
    """

    kind: str
    path: str
    what: tuple[str, ...]
    size: int
    member: str


def drift(rel: Relations, layer_id: str) -> tuple[list[DriftChange], Merged]:
    """Return the differences of a read-write layer against what lies below it, by path, and the view below it."""
    own = merged_view(rel, [layer_id])
    below = merged_view(rel, stack_of(rel, layer_id).layers[1:])
    changes = [*_deletions(own, below), *_entries(own, below)]
    return sorted(changes, key=lambda change: change.path), below


def _deletions(own: Merged, below: Merged) -> Iterator[DriftChange]:
    for path in own.deleted:
        found = below.get(path)
        if found is not None or below.is_directory(path):
            yield DriftChange(DELETED, path, (), 0, "")


def _entries(own: Merged, below: Merged) -> Iterator[DriftChange]:
    for path in own.places:
        seen = own.get(path)
        assert seen is not None
        before = below.get(path)
        entry = seen.entry
        if before is None and below.is_directory(path) and entry.kind == DIRECTORY:
            continue
        if before is None:
            yield DriftChange(ADDED, path, (), entry.size, seen.member)
            continue
        what = differences(own.content(seen), below.content(before))
        if entry.kind == DIRECTORY:
            if is_opaque(entry.xattrs) and before.entry.kind == DIRECTORY:
                hidden = sum(1 for _ in below.below(path, deep=True))
                what = (f"replaced: {hidden} entries of the image are hidden", *what)
            elif what in ((), ("time",)):
                continue
        yield DriftChange(CHANGED, path, what or ("nothing: copied up as it was",), entry.size, seen.member)


def differences(now: MergedEntry, before: MergedEntry) -> tuple[str, ...]:
    """Return what differs between two entries, in a fixed order."""
    a, b = now.entry, before.entry
    if a.kind != b.kind:
        return (f"kind: {b.kind} before, {a.kind} now",)
    checks = (
        ("content", a.kind in (FILE, HARDLINK) and (a.size != b.size or (_both(a, b) and a.crc != b.crc))),
        ("target", a.kind == "symlink" and a.link != b.link),
        ("device", a.rdev != b.rdev),
        ("mode", a.mode != b.mode),
        ("owner", (a.uid, a.gid) != (b.uid, b.gid)),
        ("attributes", _plain(a) != _plain(b)),
        ("time", a.mtime_ns // SECOND != b.mtime_ns // SECOND),
    )
    return tuple(name for name, differs in checks if differs)


def _both(a: Entry, b: Entry) -> bool:
    return a.crc is not None and b.crc is not None


def _plain(entry: Entry) -> dict[str, bytes]:
    """Return attributes without those that overlay writes for itself."""
    return {name: value for name, value in entry.xattrs.items() if not name.startswith(OWN_MARKS)}
