"""`analyzer plan BUNDLE`: the repair plan alone."""

from __future__ import annotations

import click

from analyzer.cli.options import bundle_argument, format_option, platform_option, width_option
from analyzer.cli.output import emit, terminal_columns, write_file
from analyzer.cli.session import Opened, emit_json
from analyzer.errors import UsageError


@click.command("plan")
@bundle_argument
@format_option("text", "script", "json")
@click.option("--cause", "rank", type=click.IntRange(min=1), help="Only the cause of this rank (default: all).")
@click.option("-o", "output", metavar="PATH", help="Write to a file instead.")
@platform_option
@width_option
def command(
    bundle: str, form: str, rank: int | None, output: str | None, platform: str | None, width: int | None
) -> None:
    """Print what to do about the causes found in BUNDLE, safest step first.

    `--format script` gives a shell script that does nothing until it is edited: every command is commented out.
    """
    from analyzer.report.views.plan import as_script, as_text

    document = Opened(bundle, platform=platform).document
    causes = [cause for cause in document["causes"] if rank in (None, cause["rank"])]
    if rank is not None and not causes:
        raise UsageError(f"no cause {rank}: there are {len(document['causes'])}", where=bundle)
    if form == "json":
        emit_json([{key: cause[key] for key in ("rank", "id", "title", "probability", "plan")} for cause in causes])
        return
    text = as_script(document, causes) if form == "script" else as_text(document, causes, width or terminal_columns())
    if output is None:
        emit(text)
    else:
        write_file(output, text, bundle=bundle)
