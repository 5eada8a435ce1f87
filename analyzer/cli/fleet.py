"""`analyzer fleet query SQL`: the dataset of a batch, asked with SQL."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.options import format_option
from analyzer.cli.output import emit, fitting_columns
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.fleet.query import Result

SHOWN = 1_000
"""Rows that the table for people shows."""


@click.group("fleet")
def command() -> None:
    """Ask the dataset of a batch."""


@command.command("query")
@click.argument("sql", required=False, metavar="[SQL]")
@click.option(
    "-d",
    "--dir",
    "directory",
    default=".",
    metavar="DIR",
    help="DIR of the batch (default: this one).",
)
@format_option("text", "csv", "json")
@click.option("--tables", is_flag=True, help="List tables and columns instead.")
def query(sql: str | None, directory: str, form: str, tables: bool) -> None:
    """Run SQL on the dataset of `analyzer batch -o DIR`, with DuckDB.

    The tables are nodes, causes, findings, affected, plan, coverage, events, facts, images, layers, containers and
    runs; `node` joins them. SQL can read these and nothing else: no file, no network, no extension.

    \b
    analyzer fleet query -d out "SELECT verdict, count(*) FROM nodes GROUP BY verdict"
    """  # noqa: D301  the mark of click for lines that are not wrapped
    if tables:
        emit("".join(f"{name}({', '.join(columns)})\n" for name, columns in _tables()))
        return
    if not sql:
        raise UsageError("name a query, or --tables")
    from analyzer.fleet.query import query as run

    {"text": _text, "csv": _csv, "json": _json}[form](run(directory, sql))


def _tables() -> list[tuple[str, list[str]]]:
    from analyzer.fleet.schema import TABLES

    return [(name, list(columns)) for name, columns in TABLES.items()]


def _text(result: Result) -> None:
    from analyzer.report.encode.text import inert
    from analyzer.report.tables import table

    rows: list[list[str]] = []
    more = False
    for row in result.rows:
        if len(rows) == SHOWN:
            more = True
            break
        rows.append([_cell(value) for value in row])
    emit(table([inert(name) for name in result.columns], rows, fitting_columns()) + "\n")
    if more:
        emit(f"only the first {SHOWN:,} rows are shown; --format csv and json have them all\n")


def _csv(result: Result) -> None:
    from analyzer.report.formats.tabular import csv_line

    emit(csv_line(result.columns))
    for row in result.rows:
        emit(csv_line([value if value is None else _cell(value) for value in row]))


def _json(result: Result) -> None:
    """Print a JSON array with an object a row, as the rows come."""
    before = "[\n"
    for row in result.rows:
        item = {name: _plain(value) for name, value in zip(result.columns, row, strict=True)}
        emit(before + json.dumps(item, ensure_ascii=True))
        before = ",\n"
    emit("[]\n" if before == "[\n" else "\n]\n")


def _cell(value: Any) -> str:
    plain = _plain(value)
    if plain is None:
        return ""
    return plain if isinstance(plain, str) else json.dumps(plain)


def _plain(value: Any) -> Any:
    """Return a value that JSON has: times as ISO 8601, numbers that are none as null, anything unknown as text."""
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None  # noqa: PLR0124  not a number
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return str(value)
