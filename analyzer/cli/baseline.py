"""`analyzer baseline BUNDLE`: the findings that are there now, for later reports to tell what is new."""

from __future__ import annotations

import click

from analyzer.cli.options import bundle_argument, platform_option
from analyzer.cli.output import emit, spare_evidence, write_file
from analyzer.cli.session import Opened


@click.command("baseline")
@bundle_argument
@click.option("-o", "output", metavar="PATH", help="Write to this file instead of standard output.")
@platform_option
def command(bundle: str, output: str | None, platform: str | None) -> None:
    """Print the findings about BUNDLE as a baseline for `analyzer report --baseline`.

    A finding keeps its fingerprint when the node is captured again.
    """
    if output is not None:
        spare_evidence(output, bundle)
    document = Opened(bundle, platform=platform).document
    findings = [
        {
            "fingerprint": finding["fingerprint"],
            "rule": finding["rule"],
            "severity": finding["severity"],
            "subject": finding["subject"]["id"] or finding["subject"]["path"],
            "message": finding["message"],
        }
        for finding in document["findings"]
    ]
    value = {"analyzer_baseline": 1, "bundle": document["bundle"]["path"], "findings": findings}
    from analyzer.report.encode.json import json_document

    text = json_document(value)
    if output is None:
        emit(text)
    else:
        write_file(output, text, bundle=bundle)
