"""`analyzer schema`: the JSON Schema of the report."""

from __future__ import annotations

import click

from analyzer.cli.output import emit


@click.command("schema")
def command() -> None:
    """Print the JSON Schema (draft 2020-12) of `report --format json`."""
    from importlib.resources import files

    emit(files("analyzer.report").joinpath("schema.json").read_text(encoding="utf-8"))
