"""`analyzer show BUNDLE OBJECT`: everything about one object."""

from __future__ import annotations

import click

from analyzer.cli.options import bundle_argument, format_option, platform_option, width_option
from analyzer.cli.output import emit, terminal_columns
from analyzer.cli.session import Opened, emit_json


@click.command("show")
@bundle_argument
@click.argument("object_", metavar="OBJECT")
@format_option("text", "json")
@platform_option
@width_option
def command(bundle: str, object_: str, form: str, platform: str | None, width: int | None) -> None:
    """Show one object of BUNDLE: its record, its chain, its files, what depends on it, and what is wrong with it.

    OBJECT is an id (or the beginning of one), an image name, a container or pod name, a digest, a link id or a
    path.
    """
    from analyzer.report.views.object_view import render, shown

    opened = Opened(bundle, platform=platform)
    value = shown(opened.find(object_), opened.document)
    if form == "json":
        emit_json(value)
    else:
        emit(render(value, width or terminal_columns()))
