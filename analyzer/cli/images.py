"""`analyzer images BUNDLE`: the images of a store as a table."""

from __future__ import annotations

import click

from analyzer.cli.record_table import emit_rows, listing_options


@click.command("images")
@listing_options
def command(bundle: str, form: str, quiet: bool, no_trunc: bool) -> None:
    """List the images of BUNDLE."""
    from analyzer.report.views.records import IMAGES, images

    emit_rows("images", IMAGES, images, bundle, form, quiet=quiet, no_trunc=no_trunc)
