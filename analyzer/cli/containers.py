"""`analyzer containers BUNDLE`: the containers of a store as a table."""

from __future__ import annotations

from typing import Any

import click

from analyzer.cli.record_table import emit_rows, listing_options


@click.command("containers")
@listing_options
def command(bundle: str, **how: Any) -> None:
    """List the containers of BUNDLE."""
    from analyzer.report.views.records import CONTAINERS, containers

    emit_rows("containers", CONTAINERS, containers, bundle, **how)
