"""`analyzer cat BUNDLE WHAT [PATH]`: the content of one file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import bundle_argument
from analyzer.cli.output import emit, emit_bytes
from analyzer.cli.session import Opened
from analyzer.cli.tree_view import named, own_option, remark, view
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.graph.find import FoundObject


@click.command("cat")
@bundle_argument
@click.argument("what")
@click.argument("path", default="")
@own_option
@click.option("--raw", is_flag=True, help="To a terminal too, exactly as it is.")
def command(bundle: str, what: str, path: str, own: bool, raw: bool) -> None:
    """Print a file of BUNDLE without extracting anything.

    `cat BUNDLE MEMBER` gives a member; `cat BUNDLE WHAT PATH` gives PATH as a container of the layer or image WHAT, or
    the container WHAT, would see it, symbolic links followed. Control characters are shown as escapes on a terminal.
    """
    if bundle == "-":
        raise UsageError("cat reads the bundle a second time, which standard input does not allow")
    visible = not raw and sys.stdout is not None and sys.stdout.isatty()
    for piece in _content(bundle, what, path, own=own):
        if visible:
            emit("\n".join(_inert(line) for line in piece.decode("utf-8", "surrogateescape").split("\n")))
        else:
            emit_bytes(piece)


def _inert(line: str) -> str:
    from analyzer.report.encode.text import inert

    return "\t".join(inert(cell) for cell in line.split("\t"))


def _content(bundle: str, what: str, path: str, *, own: bool) -> Iterator[bytes]:
    if not path:
        from analyzer.source.reread import reread

        member = "/".join(part for part in what.split("/") if part not in ("", "."))
        return reread(bundle, member)
    opened = Opened(bundle)
    found = named(opened, what)
    if found is None:
        raise UsageError(f"{what!r} is no layer, image or container of this bundle", where=bundle)
    return _in_view(opened, found, path, own=own)


def _in_view(opened: Opened, found: FoundObject, path: str, *, own: bool) -> Iterator[bytes]:
    from analyzer.source.reread import reread, reread_plain

    seen = view(opened, found, own=own)
    remark(seen.remark)
    try:
        place = seen.tree.resolve(path)
    except RecursionError as error:
        raise UsageError(str(error), where=opened.bundle) from error
    entry = seen.tree.get(place)
    if entry is None:
        raise UsageError(f"no {path!r} in {found.kind} {found.id[:12]}", where=opened.bundle)
    held = seen.tree.content(entry)
    if held.entry.kind != "file":
        raise UsageError(f"{path!r} is a {held.entry.kind}, not a file", where=opened.bundle)
    if not held.entry.size:
        return iter(())
    if opened.snapshot.bundle.format == "tar" and held.entry.crc is not None:
        plain = reread_plain(opened.bundle, held.entry.offset, held.entry.size, held.entry.crc)
        if plain is not None:
            return plain
    return reread(opened.bundle, held.member, offset=held.entry.offset)
