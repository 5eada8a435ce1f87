"""`analyzer grade BUNDLE [OUTPUT]`: grade the output of an engine's check of the store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import bundle_argument, format_option, platform_option, width_option
from analyzer.cli.output import emit, terminal_columns
from analyzer.cli.session import current_policy, emit_json, reading, tell_unread
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.outlook.grading.captured import GradedCheck

LONGEST = 8 << 20


@click.command("grade")
@bundle_argument
@click.argument("output", required=False, type=click.Path(allow_dash=True))
@format_option("text", "json")
@platform_option
@click.option("--depth", type=click.Choice(("standard", "deep")), default="standard", show_default=True)
@click.option("--all", "everything", is_flag=True, help="Show every line on its own.")
@width_option
def command(
    bundle: str,
    output: str | None,
    form: str,
    platform: str | None,
    depth: str,
    everything: bool,
    width: int | None,
) -> None:
    """Grade what `containers-storage check`, `podman system check` or `crio check` said about the store in BUNDLE.

    Each error is confirmed, refuted (a false alarm, with the reason) or left open. What `--repair` would delete is
    listed. OUTPUT is a file with that output, or `-`; without it, output found in BUNDLE is graded (`crio-check*`,
    `podman_system_check*`, `containers-storage-check*`, also below `sos_commands`). Note that `crio check` prints
    its errors with `--log-level debug` only.
    """
    from analyzer.api import judge
    from analyzer.outlook.grading.captured import grade_text
    from analyzer.report.views.grade import render, to_dict

    given = _given(bundle, output) if output is not None else None
    snapshot, _ = reading(bundle, depth)
    report = judge(snapshot, platform=platform, policy=current_policy(bundle))
    tell_unread(snapshot.bundle.path, report.losses)
    checks: tuple[GradedCheck, ...] = report.graded
    if given is not None:
        checks = (grade_text(*given, snapshot, report.relations, report.findings, report.platform),)
    elif not checks:
        raise UsageError("the bundle holds no check output; pass it as OUTPUT", where=bundle)
    columns = width or terminal_columns()
    documents = [to_dict(each.path, each.output, each.graded, each.after, report) for each in checks]
    pages = [
        render(each.path, each.output, each.graded, each.after, report, everything=everything, columns=columns)
        for each in checks
    ]
    if form == "json":
        emit_json(documents)
    else:
        emit("\n".join(pages))


def _given(bundle: str, output: str) -> tuple[str, str]:
    """Return (name, text) of the output, read up to a bound."""
    if output == "-":
        if bundle == "-":
            raise UsageError("BUNDLE and OUTPUT cannot both be standard input")
        if sys.stdin is None:
            raise UsageError("standard input is closed")
        return "standard input", sys.stdin.buffer.read(LONGEST + 1).decode("utf-8", "replace")
    try:
        with Path(output).open("rb") as file:
            return output, file.read(LONGEST + 1).decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=output) from error
