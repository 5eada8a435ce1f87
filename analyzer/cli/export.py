"""`analyzer export BUNDLE -o DIR`: tables of records, findings and causes."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import PurePath

import click

from analyzer.cli.options import bundle_argument, platform_option, redact_option
from analyzer.cli.output import emit, make_directory, spare_evidence, write_bytes, write_file
from analyzer.cli.session import Opened, in_pseudonyms
from analyzer.errors import UsageError
from analyzer.words import plural

FORMATS = ("csv", "sqlite", "parquet")
NOUNS = {"affected": "affected object"}
"""What a row of a table is, where the table's name without its `s` does not say it."""


@click.command("export")
@bundle_argument
@click.option("-o", "directory", required=True, metavar="DIR", help="Directory for the tables; created if missing.")
@click.option(
    "--format",
    "forms",
    multiple=True,
    type=click.Choice(FORMATS),
    help="May be repeated (default: csv and sqlite, and parquet if pyarrow is installed).",
)
@redact_option
@platform_option
def command(bundle: str, directory: str, forms: tuple[str, ...], redact: bool, platform: str | None) -> None:
    """Write layers, images, containers, findings and causes of BUNDLE as tables.

    CSV cells that a spreadsheet would run start with an apostrophe. The SQLite database is `analyzer.sqlite`.
    """
    has_arrow = find_spec("pyarrow") is not None
    if "parquet" in forms and not has_arrow:
        raise UsageError("parquet needs pyarrow: pip install pyarrow")
    wanted = forms or (FORMATS if has_arrow else FORMATS[:2])
    spare_evidence(directory, bundle)
    from analyzer.report.formats.tabular import csv_text, parquet_bytes, sqlite_bytes, tables

    report = Opened(bundle, platform=platform).report
    frames = tables(in_pseudonyms(report) if redact else report)
    make_directory(directory, bundle=bundle)
    target = PurePath(directory)
    for name, frame in frames.items():
        if "csv" in wanted:
            write_file(str(target / f"{name}.csv"), csv_text(frame), bundle=bundle)
        if "parquet" in wanted:
            write_bytes(str(target / f"{name}.parquet"), parquet_bytes(frame), bundle=bundle)
    if "sqlite" in wanted:
        write_bytes(str(target / "analyzer.sqlite"), sqlite_bytes(frames), bundle=bundle)
    counts = ", ".join(plural(len(frame), NOUNS.get(name) or name.removesuffix("s")) for name, frame in frames.items())
    emit(f"{counts} written as {', '.join(dict.fromkeys(wanted))}\n")
