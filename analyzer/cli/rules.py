"""`analyzer rules`: the list of rules."""

from __future__ import annotations

import click

from analyzer.cli.output import emit


@click.command("rules")
def command() -> None:
    """List every rule with its severity and what it says."""
    from analyzer.checks.plugins import known_rules
    from analyzer.report.tables import table

    rows = [(r.id, r.severity, r.group, r.slug, r.page.partition("\n")[0]) for r in known_rules()]
    emit(table(("rule", "severity", "group", "slug", "what it says"), rows) + "\n")
