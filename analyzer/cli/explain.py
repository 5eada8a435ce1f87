"""`analyzer explain ID`: the documentation page of a rule, a cause family or a behaviour."""

from __future__ import annotations

import click

from analyzer.cli.output import emit
from analyzer.errors import UsageError


@click.command("explain")
@click.argument("name")
def command(name: str) -> None:
    """Explain a rule (OVL-001, link-text), a cause (unclean-shutdown) or a known message (layer-not-known)."""
    from analyzer.causes.plugins import known_families
    from analyzer.checks.plugins import known_rules
    from analyzer.signatures.catalogue import behaviour
    from analyzer.signatures.page import page

    pages: list[str] = []
    for rule in known_rules():
        if name.upper() == rule.id or name == rule.slug:
            needs = "; ".join(need.value for need in rule.needs) or "nothing beyond the records"
            head = f"{rule.id} {rule.slug} (severity {rule.severity})"
            pages.append(f"{head}\n\n{rule.page}\n\nEvidence it needs\n    {needs}\n")
    pages += [f"{family.id} (cause)\n\n{family.page}\n" for family in known_families() if name == family.id]
    if (found := behaviour(name)) is not None:
        pages.append(f"{found.id} (known message)\n\n{page(found)}\n")
    if not pages:
        raise UsageError(
            f"{name!r} is no rule, no cause and no known message; `analyzer rules` and `analyzer why --list` list them"
        )
    emit("\n\n".join(pages))
