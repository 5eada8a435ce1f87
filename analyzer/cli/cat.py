"""`analyzer cat BUNDLE WHAT [PATH]`: the content of one file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import bundle_argument
from analyzer.cli.output import emit, emit_bytes
from analyzer.cli.session import Opened, kept_reading
from analyzer.cli.tree_view import named, own_option, remark
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command("cat")
@bundle_argument
@click.argument("what")
@click.argument("path", default="")
@own_option
@click.option("--raw", is_flag=True, help="Do not escape control characters, even on a terminal.")
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
    from analyzer.api.content import content_at, member_content

    if not path:
        return member_content(bundle, kept_reading(bundle), what)
    from analyzer.graph.tree import tree_view

    opened = Opened(bundle)
    found = named(opened, what)
    if found is None:
        raise UsageError(f"{what!r} is no layer, image or container of this bundle", where=bundle)
    seen = tree_view(opened.snapshot, found, own=own)
    remark(seen.remark)
    return content_at(opened.snapshot, seen, path)
