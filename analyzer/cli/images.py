"""`analyzer images BUNDLE`: the images of a store as a table."""

from __future__ import annotations

from typing import Any

import click

from analyzer.cli.record_table import emit_rows, listing_options


@click.command("images")
@listing_options
def command(bundle: str, **how: Any) -> None:
    """List the images of BUNDLE."""
    from analyzer.report.views.records import IMAGES, images

    emit_rows("images", IMAGES, images, bundle, **how)
