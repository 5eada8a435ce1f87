"""`analyzer diff A B`: what changed between two captures, and which change goes with which cause."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import (
    depth_option,
    exit_zero_option,
    fail_on_option,
    format_option,
    limit_options,
    no_cache_option,
    platform_option,
    redact_option,
    width_option,
)
from analyzer.cli.output import emit, spare_evidence, terminal_columns, write_file
from analyzer.cli.session import Opened, emit_json, veiled
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from typing import Any

FORMATS = ("text", "json", "markdown")


@click.command("diff")
@click.argument("first", metavar="A", type=click.Path(allow_dash=True))
@click.argument("second", metavar="B", type=click.Path(allow_dash=True))
@format_option(*FORMATS)
@click.option("-o", "output", metavar="PATH", help="Write to this file instead of standard output.")
@click.option("--all", "everything", is_flag=True, help="Show all changes, and all findings that came or went.")
@depth_option
@platform_option
@fail_on_option("for a new cause")
@exit_zero_option
@redact_option
@width_option
@no_cache_option
@limit_options
def command(
    first: str,
    second: str,
    form: str,
    output: str | None,
    everything: bool,
    depth: str,
    platform: str | None,
    fail_on: str,
    exit_zero: bool,
    redact: bool,
    width: int | None,
) -> None:
    """Compare capture B with the earlier capture A, of one node or of two.

    Shows records, layer directories, links, data files and layer contents that are gone, new or changed, and causes
    that appeared or disappeared, each with the changes behind it. Objects that a capture does not cover are "not
    seen", never gone or new.

    Exit status: 0 no new cause at or above --fail-on; 1 at least one; 2 usage error; 3 unreadable or no store; 4
    nothing new found, but a capture was not read completely, or does not cover a cause that the other one shows.
    """
    if first == second == "-":
        raise UsageError("A and B cannot both be standard input")
    if output is not None:
        for bundle in (first, second):
            spare_evidence(output, bundle)
    from analyzer.api.diff import Diff

    sides = [Opened(bundle, depth=depth, platform=platform, told=True).report for bundle in (first, second)]
    diff = Diff(*sides)
    veil = veiled(*sides, redact=redact)
    value = veil.value(diff.to_dict()) if form == "json" else diff.to_dict()
    if form == "json" and output is None:
        emit_json(value)
    else:
        text = _text(value, form, everything, width or (terminal_columns() if output is None else 100))
        text = text if form == "json" else veil.text(text)
        if output is None:
            emit(text)
        else:
            write_file(output, text, bundle=second)
    sys.exit(0 if exit_zero else diff.exit_code(fail_on))


def _text(value: dict[str, Any], form: str, everything: bool, columns: int) -> str:
    if form == "json":
        from analyzer.report.encode.json import json_document

        return json_document(value)
    if form == "markdown":
        from analyzer.report.compared import markdown

        return markdown.render(value)
    from analyzer.report.compared import text

    return text.render(value, everything=everything, columns=columns)
