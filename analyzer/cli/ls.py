"""`analyzer ls BUNDLE [WHAT [PATH]]`: files of a layer, an image, a container or the bundle itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.options import bundle_argument, format_option
from analyzer.cli.output import emit
from analyzer.cli.session import Opened, emit_json
from analyzer.cli.tree_view import named, own_option, remark, view
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.graph.merged import MergedEntry
    from analyzer.source.member import Member


@click.command("ls")
@bundle_argument
@click.argument("what", default="")
@click.argument("path", default="")
@click.option("-R", "--recursive", is_flag=True, help="Everything below, not only one level.")
@click.option("-d", "--deleted", is_flag=True, help="Also what a layer deletes from those below it.")
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
        _emit(list(_members(bundle, what, recursive=recursive)), form)
        return
    seen = view(opened, found, own=own)
    remark(seen.remark)
    try:
        start = seen.tree.resolve(path)
    except RecursionError as error:
        raise UsageError(str(error), where=bundle) from error
    entry = seen.tree.get(start)
    if not seen.tree.is_directory(start):
        if entry is None:
            raise UsageError(f"no {path!r} in {found.kind} {found.id[:12]}", where=bundle)
        rows = [_row(entry)]
    else:
        rows = [_row(item) for item in seen.tree.below(start, deep=recursive)]
    if deleted:
        inside = f"{start}/" if start else ""
        rows += [
            ({"path": gone, "kind": "deleted", "layer": seen.tree.tables[number][0]}, ("deleted", "", "", "", gone))
            for gone, number in sorted(seen.tree.deleted.items())
            if gone.startswith(inside) and (recursive or "/" not in gone[len(inside) :])
        ]
    _emit(rows, form)


def _row(seen: MergedEntry) -> tuple[dict[str, Any], tuple[str, ...]]:
    from analyzer.report.views.files import facts, line

    data = {**facts(seen.entry, seen.path), "layer": seen.layer, "member": seen.member}
    return data, (*line(seen.entry, seen.path)[:4], seen.layer[:12], line(seen.entry, seen.path)[4])


def _members(bundle: str, path: str, *, recursive: bool) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Yield members at and below a path, read afresh."""
    from analyzer.report.views.files import facts, line
    from analyzer.source.open import open_bundle

    start = "/".join(part for part in path.split("/") if part not in ("", "."))
    inside = f"{start}/" if start else ""
    source = open_bundle(bundle)
    shown: set[str] = set()
    own: Member | None = None
    try:
        for member, _ in source:
            name = member.path
            if name == start:
                own = member
            elif name.startswith(inside):
                level = name if recursive else inside + name[len(inside) :].partition("/")[0]
                if level == name:
                    yield facts(member, name), line(member, name)
                elif level not in shown:
                    yield {"path": level, "kind": "dir"}, ("", "", "", "", f"{level}/")
                shown.add(level)
    finally:
        source.close()
    if own is not None and own.kind != "dir":
        yield facts(own, own.path), line(own, own.path)
    elif own is None and not shown:
        raise UsageError(f"{path!r} is no object and no path of this bundle", where=bundle)


def _emit(rows: list[tuple[dict[str, Any], tuple[str, ...]]], form: str) -> None:
    if form == "json":
        from analyzer.report.formats.document import cleaned

        emit_json(cleaned([data for data, _ in rows]))
        return
    from analyzer.report.tables import table

    unique = {row[1][-1].rstrip("/") if row[0]["kind"] == "dir" else row[1][-1]: row for row in rows}
    if unique:
        emit(table((), [cells for _, cells in unique.values()]) + "\n")
