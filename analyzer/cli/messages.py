"""Messages on standard error: a line of text, or a JSON object a line for programs (`--log-format json`)."""

from __future__ import annotations

import json
import os
from typing import Any

import click

FORMATS = ("text", "json")
VARIABLE = "ANALYZER_LOG_FORMAT"


_chosen = ""


def choose(form: str | None) -> None:
    """Use a format from now on; None for that of the environment, else text."""
    global _chosen  # noqa: PLW0603  one process has one standard error
    _chosen = form or ""


def log_format() -> str:
    """Return the format in use."""
    given = _chosen or os.environ.get(VARIABLE, "")
    return given if given in FORMATS else FORMATS[0]


def say(level: str, message: str, **more: Any) -> None:
    """Tell something beside the result; text out of a bundle is made harmless.

    Args:
        level: `error`, `warning` or `info`.
        message: one line.
        more: further facts of a JSON message; `candidates` are printed one a line as text too.
    """
    from analyzer.report.encode.text import inert

    if log_format() == "json":
        click.echo(json.dumps({"level": level, "message": message, **more}), err=True)
        return
    click.echo(f"analyzer: {inert(message)}", err=True)
    for line in more.get("candidates", ()):
        click.echo(f"  {inert(line)}", err=True)
