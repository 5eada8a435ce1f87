"""What `images`, `layers` and `containers` have in common: which rows, in which order, in which form."""

from __future__ import annotations

import csv
import fnmatch
import io
import re
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.messages import say
from analyzer.cli.options import bundle_argument
from analyzer.cli.output import emit, fitting_columns
from analyzer.cli.session import Opened, emit_json
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analyzer.graph.relations import Relations

FIELD = re.compile(r"\{\{\s*\.(\w+)\s*\}\}")
FILTER = re.compile(r"(\w+)\s*(!?=)(.*)", re.DOTALL)


def listing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add BUNDLE, --format, --filter, --sort, -q and --no-trunc to a command."""
    for option in (
        click.option("--no-trunc", is_flag=True, help="Do not shorten ids and names."),
        click.option("-o", "wide", type=click.Choice(["wide"]), metavar="wide", help="Show more columns."),
        click.option("-q", "--quiet", is_flag=True, help="Print ids only, one per line."),
        click.option("--sort", metavar="[-]FIELD", help="Sort by a field; with -, largest first."),
        click.option(
            "-f",
            "--filter",
            "filters",
            multiple=True,
            metavar="FIELD=VALUE",
            help="Show only rows where a field has a value (wildcards `*` and `?`; `!=` for not). May be repeated.",
        ),
        click.option(
            "--format",
            "form",
            default="table",
            show_default=True,
            metavar="FORM",
            help="table, json, csv, or a template such as '{{.id}} {{.state}}' applied to each row.",
        ),
        bundle_argument,
    ):
        function = option(function)
    return function


def emit_rows(
    kind: str,
    headers: Sequence[str],
    rows_of: Callable[[tuple[Relations, ...]], list[dict[str, Any]]],
    bundle: str,
    form: str,
    *,
    filters: Sequence[str] = (),
    sort: str | None = None,
    wide: str | None,
    quiet: bool,
    no_trunc: bool,
) -> None:
    """Read a bundle and print its rows.

    Raises:
        UsageError: there is no such field or form.
    """
    from analyzer.report.formats.document import cleaned
    from analyzer.report.tables import table
    from analyzer.report.views.records import AGO, NAMES, WIDE, columns, wide_cells
    from analyzer.snapshot.times import format_time

    if form not in ("table", "json", "csv") and not FIELD.search(form):
        raise UsageError(f"--format {form!r}: expected table, json, csv or a template such as '{{{{.id}}}}'")
    opened = Opened(bundle, depth="quick")
    rows = rows_of(opened.relations)
    rows = _sorted(_filtered(rows, filters), sort)
    if form == "json":
        emit_json(cleaned(rows))
    elif quiet:
        emit("".join(f"{i}\n" for i in dict.fromkeys(row["id"] for row in rows)))
    elif form == "csv":
        emit(_csv(rows))
    elif form != "table":
        emit("".join(f"{_filled(form, row)}\n" for row in rows))
    else:
        newest = opened.snapshot.newest_ns
        cells = list(columns(kind, rows, newest, whole=no_trunc))
        if wide:
            headers = (*headers, *WIDE[kind])
            cut = None if no_trunc else 12
            cells = [(*line, *wide_cells(kind, row, cut, newest)) for line, row in zip(cells, rows, strict=True)]
        if any(cell.endswith(AGO) for line in cells for cell in line):
            times = "" if wide else "; -o wide has the times"
            say("info", f"ages count from {format_time(newest)}, the newest change in the store{times}")
        emit(table(headers, cells, None if no_trunc or wide else fitting_columns(), NAMES) + "\n")


def _field(rows: list[dict[str, Any]], name: str) -> str:
    """Return the key that a name means, whatever its case and with or without underscores.

    Raises:
        UsageError: it means none.
    """
    wanted = name.replace("_", "").lower()
    keys = list(rows[0]) if rows else []
    found = next((key for key in keys if key.replace("_", "") == wanted), None)
    if found is None:
        from analyzer.words import meant

        raise UsageError(f"no field {name!r}.{meant(name, keys)} There are {', '.join(keys)}")
    return found


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _filtered(rows: list[dict[str, Any]], filters: Sequence[str]) -> list[dict[str, Any]]:
    for text in filters:
        match = FILTER.fullmatch(text)
        if match is None:
            raise UsageError(f"--filter {text!r}: expected FIELD=VALUE or FIELD!=VALUE")
        if not rows:
            return rows
        key, wanted = _field(rows, match[1]), match[2] == "="
        rows = [row for row in rows if fnmatch.fnmatchcase(_text(row[key]), match[3]) == wanted]
    return rows


def _sorted(rows: list[dict[str, Any]], sort: str | None) -> list[dict[str, Any]]:
    if not sort or not rows:
        return rows
    key = _field(rows, sort.removeprefix("-"))

    def order(row: dict[str, Any]) -> tuple[bool, float, str]:
        value = row[key]
        number = float(value) if isinstance(value, int) else 0.0
        return value is not None, number, "" if isinstance(value, int) else _text(value)

    return sorted(rows, key=order, reverse=sort.startswith("-"))


def _csv(rows: list[dict[str, Any]]) -> str:
    from analyzer.report.encode.text import inert

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if rows:
        writer.writerow(rows[0])
    writer.writerows([inert(_text(value)) for value in row.values()] for row in rows)
    return out.getvalue()


def _filled(template: str, row: dict[str, Any]) -> str:
    from analyzer.report.encode.text import inert

    template = template.replace("\\t", "\t")
    return FIELD.sub(lambda match: inert(_text(row[_field([row], match[1])])), template)
