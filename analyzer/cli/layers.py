"""`analyzer layers BUNDLE`: the layers of a store as a table."""

from __future__ import annotations

from typing import Any

import click

from analyzer.cli.record_table import emit_rows, listing_options


@click.command("layers")
@listing_options
def command(bundle: str, **how: Any) -> None:
    """List the layers of BUNDLE."""
    from analyzer.report.views.records import LAYERS, layers

    emit_rows("layers", LAYERS, layers, bundle, **how)
