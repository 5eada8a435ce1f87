"""`analyzer report BUNDLE`: the ranked root-cause report."""

from __future__ import annotations

import importlib
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from analyzer.cli.options import (
    NO_CACHE,
    baseline_option,
    bundle_argument,
    depth_option,
    engine_option,
    exit_zero_option,
    fail_on_option,
    redact_option,
    width_option,
)
from analyzer.cli.output import (
    emit,
    spare_evidence,
    terminal_columns,
    terminal_rows,
    terminal_takes_colour,
    terminal_takes_unicode,
    write_file,
)
from analyzer.cli.session import current_policy, in_pseudonyms, reading
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.api.report import Report
    from analyzer.checks.policy import Policy
    from analyzer.report.model.custody import Custody

FORMATS = ("text", "json", "html", "markdown", "sarif", "junit")


@click.command("report")
@bundle_argument
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="What to print.")
@click.option("-o", "outputs", multiple=True, metavar="FORMAT=PATH", help="Also write a file; may be repeated.")
@click.option("--all", "everything", is_flag=True, help="Show every cause, finding, step and skipped check.")
@depth_option
@click.option("--platform", metavar="OS/ARCH[/VARIANT]", help="Platform of the node, if the bundle does not show it.")
@engine_option
@fail_on_option("for a cause")
@exit_zero_option
@baseline_option
@click.option("--hash", "hash_input", is_flag=True, help="Include the SHA-256 of the bundle.")
@click.option(
    "--custody",
    is_flag=True,
    help="Include the SHA-256 of the input, the options and the limits, for `analyzer verify`.",
)
@redact_option
@width_option
@click.option("--ascii", "ascii_only", is_flag=True, help="Use ASCII characters only.")
def command(
    bundle: str,
    form: str,
    outputs: tuple[str, ...],
    everything: bool,
    depth: str,
    platform: str | None,
    engines: tuple[str, ...],
    fail_on: str,
    exit_zero: bool,
    baseline: str | None,
    hash_input: bool,
    custody: bool,
    redact: bool,
    width: int | None,
    ascii_only: bool,
) -> None:
    """Analyse BUNDLE: print what is broken, why, who is affected and what to do.

    Exit status: 0 no cause at or above --fail-on; 1 at least one; 2 usage error; 3 BUNDLE is unreadable or holds no
    store; 4 not enough was read to tell.
    """
    files = [_output(text) for text in outputs]
    for _, path in files:
        spare_evidence(path, bundle)
    policy = current_policy(bundle, baseline)
    if custody:  # the evidence itself, as it lies there now
        click.get_current_context().meta[NO_CACHE] = True
    report = _analyse(bundle, depth, platform, engines, policy, hash_input=hash_input or custody)
    if custody:
        options = {"depth": depth, "platform": platform, "engine": list(engines), "redact": redact}
        report = replace(report, custody=_custody(report, options))
    shown = in_pseudonyms(report) if redact else report
    for name, path in files:
        text = _text(shown, everything, width or 100, ascii_only) if name == "text" else _render(shown, name)
        write_file(path, text, bundle=bundle)
    if form == "text":
        plain = ascii_only or not terminal_takes_unicode()
        wide, high = width or terminal_columns(), terminal_rows()
        emit(_text(shown, everything, wide, plain, rows=high, colour=terminal_takes_colour()))
    else:
        emit(_render(shown, form))
    code = report.exit_code(fail_on)
    sys.exit(0 if exit_zero else code)


def _custody(report: Report, options: dict[str, Any]) -> Custody:
    """Return what ties a report to its evidence; a directory is read once more for its digest."""
    from analyzer.report.model.custody import Custody
    from analyzer.source.evidence_digest import FILE_BYTES, evidence_digest

    bundle, limits = report.snapshot.bundle, report.snapshot.limits
    if bundle.sha256 is not None:
        kind, sha256 = "stream" if bundle.path == "-" else FILE_BYTES, bundle.sha256
    else:
        kind, sha256 = evidence_digest(bundle.path, limits)
    return Custody(kind, sha256, bundle.bytes, options, asdict(limits))


def _output(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not equals or not path or name not in FORMATS:
        raise UsageError(f"-o {text}: expected FORMAT=PATH with one of {', '.join(FORMATS)}")
    return name, path


def _analyse(
    bundle: str, depth: str, platform: str | None, engines: tuple[str, ...], policy: Policy, *, hash_input: bool
) -> Report:
    snapshot, _ = reading(bundle, depth, hash_input=hash_input, told=True, judged=True)
    from analyzer.api import judge

    return judge(snapshot, platform=platform, engines=engines, policy=policy)


def _text(
    report: Report,
    everything: bool,
    columns: int,
    ascii_only: bool,
    *,
    rows: int | None = None,
    colour: bool = False,
) -> str:
    from analyzer.report.formats.text import render

    return render(report, everything=everything, columns=columns, rows=rows, ascii_only=ascii_only, colour=colour)


def _render(report: Report, name: str) -> str:
    text = importlib.import_module(f"analyzer.report.formats.{name}").render(report)
    assert isinstance(text, str)
    return text
