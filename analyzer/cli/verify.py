"""`analyzer verify REPORT BUNDLE`: does a report belong to a piece of evidence."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from analyzer.cli.options import chosen_limits, limit_options
from analyzer.cli.output import emit
from analyzer.errors import UsageError
from analyzer.snapshot.digests import HEX_ID

LARGEST = 1 << 30
"""Bytes of a report."""


@click.command("verify")
@click.argument("report", type=click.Path())
@click.argument("bundle", type=click.Path())
@limit_options
def command(report: str, bundle: str) -> None:
    """Check that REPORT, a JSON report made with --custody or --hash, was made from BUNDLE as it is now.

    Exit status: 0 it was; 1 BUNDLE is another one or was changed; 2 REPORT is not a report or has no digest; 3
    BUNDLE cannot be read.
    """
    from analyzer.report.encode.text import inert
    from analyzer.source.evidence_digest import evidence_digest
    from analyzer.version import __version__

    document = _document(report)
    recorded, kind = _recorded(document, report)
    found_kind, found = evidence_digest(bundle, chosen_limits())
    same = found == recorded and kind in (found_kind, "stream", "")
    tool = document.get("tool")
    version = inert(str(tool.get("version", "?"))) if isinstance(tool, dict) else "?"
    emit(f"report  {inert(report)}: sha256 {recorded}, analyzer {version}\n")
    emit(f"bundle  {inert(bundle)}: sha256 {found} ({found_kind})\n")
    emit(
        "they belong together\n" if same else "they do NOT belong together: the bundle is another one, or was changed\n"
    )
    if same and version != __version__:
        emit(f"this is analyzer {__version__}: it may judge the same bundle differently\n")
    sys.exit(0 if same else 1)


def _document(report: str) -> dict[str, Any]:
    try:
        with Path(report).open("rb") as file:
            value = json.loads(file.read(LARGEST))
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=report) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            "no JSON report; `analyzer report BUNDLE --format json --custody` makes one", where=report
        ) from error
    if not isinstance(value, dict):
        raise UsageError("no report of this program", where=report)
    return value


def _recorded(document: dict[str, Any], report: str) -> tuple[str, str]:
    """Return the digest a report carries, and of what kind of input, `""` where it does not say."""
    for block in (document.get("custody"), {"input": document.get("bundle")}):
        given = block.get("input") if isinstance(block, dict) else None
        if isinstance(given, dict) and isinstance(given.get("sha256"), str) and HEX_ID.fullmatch(given["sha256"]):
            return given["sha256"], str(given.get("kind", ""))
    raise UsageError("it carries no digest of its input; make the report with --custody", where=report)
