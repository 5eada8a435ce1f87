"""Cause families from outside; see `analyzer.checks.plugins`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from analyzer.causes.family import Family, builtin_families
from analyzer.checks.plugins import Plugins, admit, installed, own

CAUSES = "analyzer.causes"
"""Entry-point group of cause families."""
FAMILY_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def plugin_families(extra: Iterable[Family] = ()) -> Plugins[Family]:
    """Return the families of installed plugins and the caller's own; ids of built-in families are taken."""
    taken = {family.id for family in builtin_families()}
    return admit([*installed(CAUSES, Family), *own(extra)], Family, taken, _objection)


def known_families() -> tuple[Family, ...]:
    """Return built-in families and those of installed plugins, by id."""
    return tuple(sorted((*builtin_families(), *plugin_families().found), key=lambda family: family.id))


def _objection(family: Family) -> str:
    return "" if FAMILY_ID.fullmatch(family.id) else f"the id {family.id!r} is not in kebab-case"
