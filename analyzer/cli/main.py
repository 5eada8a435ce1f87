"""The command group: finds a command's module when it is asked for, so that `--help` stays quick."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from analyzer.cli.messages import FORMATS, VARIABLE, choose, log_format, say
from analyzer.cli.options import INCOMPLETE
from analyzer.cli.output import silence
from analyzer.errors import AnalyzerError
from analyzer.version import __version__
from analyzer.words import meant

COMMANDS = {
    "report": "Analyse a bundle: what is broken, why, and what to do.",
    "why": "Explain an error message: what in this store makes an engine print it.",
    "grade": "Grade each line of an engine's own check: confirmed, refuted or open.",
    "timeline": "List every recorded time in order, and mark the first bad event.",
    "diff": "Compare two captures: what is gone, new or changed, and what that broke.",
    "show": "Show one object: its record, chain, files and findings.",
    "who-uses": "List what depends on an object.",
    "images": "List images.",
    "layers": "List layers.",
    "containers": "List containers.",
    "ls": "List files of a layer, an image, a container or the bundle.",
    "cat": "Print one file.",
    "du": "Show what takes space and what a removal would free.",
    "drift": "List what a container changed in its image's files.",
    "plan": "Print the repair plan, or write it as a repair kit.",
    "export": "Write records, findings and causes as CSV, SQLite or Parquet tables.",
    "graph": "Print the layer-dependency graph as DOT, GraphML, Mermaid or SVG.",
    "batch": "Analyse many bundles and find what their nodes have in common.",
    "fleet": "Query the dataset of a batch with SQL.",
    "baseline": "Save the findings as a baseline, so that later reports show what is new.",
    "explain": "Explain a rule or a cause: what it finds, why it matters, what to do.",
    "rules": "List every rule.",
    "new-rule": "Create a package for a rule of your own: module, docs, sample and test.",
    "verify": "Check that a report was made from a bundle, by its digest.",
    "capture": "Print a shell script that captures a node's storage.",
    "schema": "Print the JSON Schema of the JSON report.",
    "completion": "Print the completion script of a shell.",
}
CONFIG = "analyzer.config"


class Lazy(click.Group):
    """A group whose commands live in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands that exist."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command, loading its module; its options get their variables."""
        if name in COMMANDS:
            command = importlib.import_module(f"analyzer.cli.{name.replace('-', '_')}").command
            assert isinstance(command, click.Command)
            from analyzer.cli.config import name_variables

            name_variables(command, name)
            return command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word means; what is none is told with what comes close."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"No such command {args[0]!r}.{meant(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List commands with their one-line help, without loading their modules."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, turning the package's errors into one line and an exit status."""
        try:
            return super().main(*args, **extra)
        except AnalyzerError as error:
            candidates = getattr(error, "candidates", ())
            more = {"candidates": list(candidates)} if candidates else {}
            say("error", str(error), where=error.where, exit_code=error.exit_code, **more)
            sys.exit(error.exit_code)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, turning an interruption, a closed pipe and a lack of memory into an exit status."""
        try:
            super().invoke(ctx)
            ctx.exit(4 if any(ctx.meta.get(INCOMPLETE, {}).values()) else 0)
        except click.ClickException as error:
            if log_format() == "text":
                raise
            say("error", error.format_message(), exit_code=error.exit_code)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            say("error", "interrupted")
            ctx.exit(130)
        except BrokenPipeError:
            silence(sys.stdout)
            ctx.exit(141)
        except MemoryError:
            say("error", "out of memory")
            ctx.exit(3)


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="analyzer")
@click.option(
    "--config",
    metavar="PATH",
    envvar="ANALYZER_CONFIG",
    help="Configuration file to use instead of the user's and the working directory's analyzer.toml; '' for none.",
)
@click.option(
    "--log-format",
    "form",
    type=click.Choice(FORMATS),
    envvar=VARIABLE,
    help="Format of messages on standard error: text (the default), or one JSON object per line.",
)
@click.pass_context
def cli(ctx: click.Context, config: str | None, form: str | None) -> None:
    """Find the root cause of a broken containers/storage from a bundle, offline.

    BUNDLE is a tar (plain, gzip, zstd, xz, bzip2), a directory, the URL of a tar, or `-` for standard input. Nothing
    is extracted, mounted or written next to it.
    """
    from analyzer.cli.config import defaults_for, load

    choose(form)
    found = ctx.meta[CONFIG] = load(config, tuple(COMMANDS))
    name = ctx.invoked_subcommand
    if name in COMMANDS and (command := cli.get_command(ctx, name)) is not None:
        ctx.default_map = {name: defaults_for(found, command, name)}
