"""`analyzer explain ID`: the documentation page of a rule, a cause family or a behaviour."""

from __future__ import annotations

import click

from analyzer.cli.output import emit, fitting_columns
from analyzer.errors import UsageError
from analyzer.words import meant


@click.command("explain")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """Explain a rule (OVL-001, link-text), a cause (unclean-shutdown) or a known message (layer-not-known).

    Without a name it lists what there is.
    """
    from analyzer.causes.plugins import known_families
    from analyzer.checks.plugins import known_rules
    from analyzer.signatures.catalogue import behaviour, behaviours
    from analyzer.signatures.page import page

    if name is None:
        emit(_list())
        return
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
        names = [word for rule in known_rules() for word in (rule.id, rule.slug)]
        names += [family.id for family in known_families()] + [each.id for each in behaviours()]
        raise UsageError(
            f"{name!r} is no rule, no cause and no known message.{meant(name, names)} `analyzer explain` lists them"
        )
    emit("\n\n".join(pages))


def _list() -> str:
    """Return every rule, cause and known message with its title."""
    from analyzer.causes.plugins import known_families
    from analyzer.checks.plugins import known_rules
    from analyzer.report.tables import table
    from analyzer.signatures.catalogue import behaviours

    rows = [("rule", rule.id, rule.page.partition("\n")[0]) for rule in known_rules()]
    rows += [("cause", family.id, family.page.partition("\n")[0]) for family in known_families()]
    rows += [("message", each.id, each.title) for each in behaviours()]
    return table(("KIND", "NAME", "WHAT"), rows, fitting_columns(), {"WHAT"}) + "\n"
