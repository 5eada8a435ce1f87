"""The content of one file, read again from the bundle: by its path, or as a layer, image or container shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import UnreadableError
from analyzer.graph.find import member_paths
from analyzer.graph.relations import relate
from analyzer.graph.tree import file_in
from analyzer.source.reread import reread, reread_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.graph.tree import TreeView
    from analyzer.snapshot.content import Entry
    from analyzer.snapshot.snapshot import BundleSnapshot


def content_of(reading: BundleSnapshot, path: str) -> bytes:
    """Return the content of the file that a path means; of several readings the first that is there.

    Raises:
        UnreadableError: there is no such file, it is cut, or the bundle was a pipe.
    """
    bundle = reading.bundle.path
    if bundle == "-":
        raise UnreadableError("standard input cannot be read again", where=path)
    tried = dict.fromkeys(each for rel in relate(reading) for each in member_paths(rel, path))
    problem = UnreadableError("no such member", where=path)
    for number, member in enumerate(tried):
        try:
            return b"".join(reread(bundle, member))
        except UnreadableError as error:
            problem = error if number == 0 else problem
    raise problem


def content_at(reading: BundleSnapshot, seen: TreeView, path: str) -> Iterator[bytes]:
    """Yield the content of a file as a tree shows it, symbolic links followed.

    Raises:
        UsageError: there is no such file in it.
        UnreadableError: it is cut, or the bundle was a pipe.
    """
    held = file_in(seen, path, reading.bundle.path)
    if not held.entry.size:
        return iter(())
    return _of_entry(reading, held.entry, held.member)


def member_content(bundle: str, reading: BundleSnapshot | None, path: str) -> Iterator[bytes]:
    """Yield the content of a member; where a reading tells its place, the bundle is not searched for it.

    Raises:
        UnreadableError: there is no such file, or it is cut.
    """
    member = "/".join(part for part in path.split("/") if part not in ("", "."))
    for store in reading.stores if reading is not None else ():
        for directory in store.home.layers.values():
            for table in directory.tables.values():
                entry = table.get(member[len(table.path) + 1 :]) if member.startswith(f"{table.path}/") else None
                if reading is not None and entry is not None and entry.kind == "file":
                    return _of_entry(reading, entry, member)
    return reread(bundle, member)


def _of_entry(reading: BundleSnapshot, entry: Entry, member: str) -> Iterator[bytes]:
    bundle = reading.bundle.path
    if bundle == "-":
        raise UnreadableError("standard input cannot be read again", where=member)
    if reading.bundle.format == "tar" and entry.crc is not None:
        plain = reread_plain(bundle, entry.offset, entry.size, entry.crc)
        if plain is not None:
            return plain
    return reread(bundle, member, offset=entry.offset)
