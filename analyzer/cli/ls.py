"""`analyzer ls BUNDLE [WHAT [PATH]]`: files of a layer, an image, a container or the bundle itself."""

from __future__ import annotations

import json
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, cast

import click

from analyzer.cli.options import bundle_argument, chosen_limits, format_option
from analyzer.cli.output import emit
from analyzer.cli.session import Opened, tell_unread
from analyzer.cli.tree_view import named, own_option, remark
from analyzer.errors import UsageError
from analyzer.limits import advised
from analyzer.source.member import Loss

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analyzer.graph.merged import MergedEntry
    from analyzer.source.member import Member

    Row = dict[str, Any] | tuple[str, ...]
    """The facts of a file for JSON, the cells of its line for text."""

BLOCK = 4096
"""Rows that are aligned and printed at once."""


@click.command("ls")
@bundle_argument
@click.argument("what", default="")
@click.argument("path", default="")
@click.option("-R", "--recursive", is_flag=True, help="List everything below, not only one level.")
@click.option("-d", "--deleted", is_flag=True, help="Also list what a layer deletes from the layers below it.")
@own_option
@format_option("text", "json")
def command(bundle: str, what: str, path: str, recursive: bool, deleted: bool, own: bool, form: str) -> None:
    """List files of BUNDLE without extracting anything.

    WHAT is a layer, image or container, whose merged view is shown (deletions applied), or a path inside the bundle.
    """
    opened = Opened(bundle) if what else None
    found = named(opened, what) if opened is not None else None
    if opened is None or found is None:
        if path or deleted or own:
            raise UsageError(f"{what!r} is no layer, image or container of this bundle", where=bundle)
        _emit(_members(bundle, what, form, recursive=recursive), form)
        return
    from analyzer.graph.tree import tree_view

    seen = tree_view(opened.snapshot, found, own=own)
    remark(seen.remark)
    try:
        start = seen.tree.resolve(path)
    except RecursionError as error:
        raise UsageError(str(error), where=bundle) from error
    entry = seen.tree.get(start)
    if not seen.tree.is_directory(start):
        if entry is None:
            raise UsageError(f"no {path!r} in {found.kind} {found.id[:12]}", where=bundle)
        rows: Iterable[Row] = [_row(entry, form)]
    else:
        rows = (_row(each, form) for each in seen.tree.below(start, deep=recursive))
    if deleted:
        inside = f"{start}/" if start else ""
        gone_rows = (
            {"path": gone, "kind": "deleted", "layer": seen.tree.tables[number][0]}
            if form == "json"
            else ("deleted", "", "", "", "", gone)
            for gone, number in sorted(seen.tree.deleted.items())
            if gone.startswith(inside) and (recursive or "/" not in gone[len(inside) :])
        )
        rows = chain(rows, gone_rows)
    _emit(rows, form)


def _row(seen: MergedEntry, form: str) -> Row:
    from analyzer.report.views.files import facts, line

    if form == "json":
        return {**facts(seen.entry, seen.path), "layer": seen.layer, "member": seen.member}
    *cells, name = line(seen.entry, seen.path)
    return (*cells, seen.layer[:12], name)


def _members(bundle: str, path: str, form: str, *, recursive: bool) -> Iterator[Row]:
    """Yield members at and below a path, read afresh."""
    from analyzer.report.views.files import facts, line
    from analyzer.source.open import open_bundle

    show = facts if form == "json" else line
    start = "/".join(part for part in path.split("/") if part not in ("", "."))
    inside = f"{start}/" if start else ""
    source = open_bundle(bundle, limits=chosen_limits())
    listed: set[str] = set()
    implied: dict[str, None] = {}
    own: Member | None = None
    found = False
    try:
        for member, _ in source:
            name = member.path
            if name == start:
                own = member
            elif name.startswith(inside):
                found = True
                level = name if recursive else inside + name[len(inside) :].partition("/")[0]
                if level != name:
                    implied[level] = None
                else:
                    yield show(member, name)
                    if not recursive:
                        listed.add(level)
    finally:
        source.close()
    for level in implied:
        if level not in listed:
            yield {"path": level, "kind": "dir"} if form == "json" else ("", "", "", "", f"{level}/")
    if own is not None and own.kind != "dir":
        yield show(own, own.path)
    tell_unread(bundle, [Loss(advised(loss.what), loss.where, loss.offset) for loss in source.losses])
    if own is None and not found:
        raise UsageError(f"{path!r} is no object and no path of this bundle", where=bundle)


def _emit(rows: Iterable[Row], form: str) -> None:
    """Print rows block by block, so that a listing of millions takes no more memory than one block."""
    source = iter(rows)
    blocks = iter(lambda: tuple(islice(source, BLOCK)), ())
    if form == "json":
        _emit_json(blocks)
        return
    from analyzer.report.tables import table

    for block in blocks:
        emit(table((), cast("tuple[tuple[str, ...], ...]", block)) + "\n")


def _emit_json(blocks: Iterable[tuple[Row, ...]]) -> None:
    from analyzer.report.formats.document import cleaned

    before = "["
    for block in blocks:
        text = json.dumps(cleaned(list(block)), ensure_ascii=True, indent=2)
        emit(before + text[1:-2])
        before = ","
    emit("[]\n" if before == "[" else "\n]\n")
