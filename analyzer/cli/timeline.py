"""`analyzer timeline BUNDLE`: the times that the bundle states, in one order."""

from __future__ import annotations

import click

from analyzer.cli.options import bundle_argument, format_option, platform_option, width_option
from analyzer.cli.output import emit, terminal_columns
from analyzer.cli.session import Opened, emit_json


@click.command("timeline")
@bundle_argument
@format_option("text", "json")
@click.option("--all", "everything", is_flag=True, help="Show every event, not only those around the first bad one.")
@platform_option
@width_option
def command(bundle: str, form: str, everything: bool, platform: str | None, width: int | None) -> None:
    """List every time recorded in BUNDLE in order, and mark the first bad event.

    Times of records, writes of index files and locks, last changes of damaged files, markers that engines leave,
    and, from captured text logs, boots, starts of CRI-O and known messages. For a file it is the time of its last
    change, for an image the time of its build.
    """
    from analyzer.outlook.timeline import timeline
    from analyzer.report.views.timeline import render, to_dict

    opened = Opened(bundle, platform=platform)
    line = timeline(opened.snapshot, opened.report.findings)
    if form == "json":
        emit_json(to_dict(line, opened.report))
    else:
        emit(render(line, opened.report, everything=everything, columns=width or terminal_columns()))
