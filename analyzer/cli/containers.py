"""`analyzer containers BUNDLE`: the containers of a store as a table."""

from __future__ import annotations

import click

from analyzer.cli.record_table import emit_rows, listing_options


@click.command("containers")
@listing_options
def command(bundle: str, form: str, quiet: bool, no_trunc: bool) -> None:
    """List the containers of BUNDLE."""
    from analyzer.report.views.records import CONTAINERS, containers

    emit_rows("containers", CONTAINERS, containers, bundle, form, quiet=quiet, no_trunc=no_trunc)
