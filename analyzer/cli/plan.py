"""`analyzer plan BUNDLE`: the repair plan alone, and the kit that carries it out."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import (
    bundle_argument,
    engine_option,
    format_option,
    platform_option,
    redact_option,
    width_option,
)
from analyzer.cli.output import emit, spare_evidence, terminal_columns, write_file
from analyzer.cli.session import Opened, emit_json, veiled
from analyzer.errors import UsageError, not_written


@click.command("plan")
@bundle_argument
@format_option("text", "script", "json")
@click.option("--cause", "rank", type=click.IntRange(min=1), help="Show only the steps for this cause (default: all).")
@click.option(
    "-o",
    "output",
    metavar="PATH",
    help="Write a repair kit to this directory, or the plan as text if PATH has a suffix.",
)
@click.option("--compare", is_flag=True, help="Compare what the plan, the engines' own repairs and a wipe would cost.")
@redact_option
@engine_option
@platform_option
@width_option
def command(
    bundle: str,
    form: str,
    rank: int | None,
    output: str | None,
    compare: bool,
    redact: bool,
    engines: tuple[str, ...],
    platform: str | None,
    width: int | None,
) -> None:
    """Print one repair plan for everything found in BUNDLE, its steps in a safe order.

    \b
    analyzer plan node.tar.zst -o kit    # kit/repair.sh and the files it needs
    scp -r kit root@node: && ssh root@node sh kit/repair.sh --dry-run

    `--format script` prints a shell script in which every command is commented out. `--format json` has every
    command in full, file contents included.
    """  # noqa: D301  the mark of click for lines that are not wrapped
    from analyzer.report.views.outcome import outcome_text
    from analyzer.report.views.plan import as_script, as_text, plan_document, printed

    kit = output is not None and _is_directory(output, form)
    if output is not None:
        spare_evidence(output, bundle)
    if kit and redact:
        raise UsageError("a kit needs the names of the node: --redact is for a plan that is read")
    opened = Opened(bundle, platform=platform, engines=engines)
    if kit:
        _write_kit(opened, str(output), bundle)
        return
    document = opened.document
    causes = [cause for cause in document["causes"] if rank in (None, cause["rank"])]
    if rank is not None and not causes:
        raise UsageError(f"no cause {rank}: there are {len(document['causes'])}", where=bundle)
    rows = plan_document(opened.report, causes, whole=rank is None)
    veil = veiled(opened.report, redact=redact)
    if form == "json":
        emit_json(veil.value(rows))
        return
    columns = width or terminal_columns()
    whole = [{**cause, **row} for cause, row in zip(causes, printed(rows), strict=True)]
    text = as_script(document, whole) if form == "script" else as_text(document, whole, columns)
    if form == "text" and rank is None and causes:
        text += outcome_text(opened.report, columns, compare=compare, engines=engines)
    text = veil.text(text)
    if output is None:
        emit(text)
    else:
        write_file(output, text, bundle=bundle)


def _is_directory(output: str, form: str) -> bool:
    """Tell whether `-o` names a kit: a directory, or a new name without a suffix where no other form is asked for."""
    path = Path(output)
    return output.endswith("/") or path.is_dir() or (form == "text" and not path.suffix and not path.exists())


def _write_kit(opened: Opened, output: str, bundle: str) -> None:
    from analyzer.repair.kit import kit_files
    from analyzer.version import __version__

    plan = opened.report.plan
    made = kit_files(plan, Path(bundle).name, __version__) if plan is not None else {}
    if not made:
        emit(f"no script can repair anything here: no kit is written to {output}\n")
        return
    made["plan.txt"] = _text(opened).encode("utf-8", "backslashreplace")
    try:
        for name, data in made.items():
            path = Path(output, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            if name.endswith(".sh"):
                path.chmod(0o755)
    except OSError as error:
        raise not_written(error, output) from error
    steps = sum(len(group.steps) for group in plan.groups) if plan is not None else 0
    emit(f"{Path(output, 'repair.sh')}: {steps} steps; read it, then run it on the node with --dry-run first\n")


def _text(opened: Opened) -> str:
    from analyzer.report.views.plan import as_text, plan_document, printed

    return as_text(opened.document, printed(plan_document(opened.report, opened.document["causes"], whole=True)), 100)
