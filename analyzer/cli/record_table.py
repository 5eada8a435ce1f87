"""What `images`, `layers` and `containers` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.options import bundle_argument, format_option
from analyzer.cli.output import emit
from analyzer.cli.session import Opened, emit_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analyzer.graph.relations import Relations


def listing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add BUNDLE, --format, -q and --no-trunc to a command."""
    for option in (
        click.option("--no-trunc", is_flag=True, help="Ids in full."),
        click.option("-q", "--quiet", is_flag=True, help="Ids only, one a line."),
        format_option("table", "json"),
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
    quiet: bool,
    no_trunc: bool,
) -> None:
    """Read a bundle and print its rows."""
    from analyzer.report.formats.document import cleaned
    from analyzer.report.tables import table
    from analyzer.report.views.records import columns

    rows = rows_of(Opened(bundle, depth="quick").relations)
    if form == "json":
        emit_json(cleaned(rows))
    elif quiet:
        emit("".join(f"{i}\n" for i in dict.fromkeys(row["id"] for row in rows)))
    else:
        emit(table(headers, columns(kind, rows, whole=no_trunc)) + "\n")
