"""Read contents a second time, for what the first pass could not know it would need.

The SHA-256 of a file is only wanted for layers of partial pulls, and an archive may have the files before the record
that tells so. Where the bundle can be read again, only these files are; a pipe is hashed in the first pass instead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from analyzer.snapshot.content import DiffTable
from analyzer.snapshot.store import Store
from analyzer.snapshot.toc import TOC_FILE
from analyzer.source.member import FILE, Body, Member
from analyzer.source.member_source import MemberSource

if TYPE_CHECKING:
    Take = Callable[[DiffTable, str, Member, Body], None]


def undigested(stores: list[Store]) -> list[DiffTable]:
    """Return the tables whose files only a table of contents describes and that lack digests."""
    split = {layer_id for store in stores for layer_id in store.tar_splits}
    partial = {
        layer_id
        for store in stores
        for layer_id, files in store.layer_files.items()
        if TOC_FILE in files and layer_id not in split
    }
    return [
        table
        for store in stores
        for layer in store.home.layers.values()
        if layer.name in partial
        for name, table in layer.tables.items()
        if name == "diff" and len(table) and not table.hashed
    ]


def digest_files(source: MemberSource, tables: list[DiffTable]) -> None:
    """Fill in the SHA-256 of every file of some tables."""
    for table in tables:
        table.begin_digests()

    def take(table: DiffTable, name: str, member: Member, body: Body) -> None:
        row = table.index.get(name, -1)
        if row >= 0 and member.kind == FILE and table.offsets[row] == member.data_offset:
            digest = hashlib.sha256()
            for chunk in body.chunks():
                digest.update(chunk)
            if body.complete:
                table.put_digest(row, digest.digest())

    walk(source, tables, take)


def walk(source: MemberSource, tables: list[DiffTable], take: Take) -> None:
    """Read a bundle again and hand over every entry below the diff directories of `tables`."""
    by_path = {table.path: table for table in tables}
    prefix, current = "\0", None
    try:
        for member, body in source:
            path = member.path
            if not path.startswith(prefix):
                current = table_of(path, by_path)
                prefix = f"{current.path}/" if current is not None else "\0"
            if current is not None:
                take(current, path[len(prefix) :], member, body)
    finally:
        source.close()


def table_of(path: str, by_path: dict[str, DiffTable]) -> DiffTable | None:
    """Return the table a member lies below: the nearest of its parents that is one."""
    end = path.rfind("/")
    while end > 0:
        if (table := by_path.get(path[:end])) is not None:
            return table
        end = path.rfind("/", 0, end)
    return None
