"""Declare a rule. All that a rule finds with and looks at is imported from here.

from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Where, rule
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from msgspec import Struct

from analyzer.checks.evidence import Need
from analyzer.checks.facts import Facts
from analyzer.checks.finding import (
    CRITICAL,
    ERROR,
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    WARNING,
    Evidence,
    Finding,
    Subject,
)
from analyzer.checks.store_view import StoreView
from analyzer.snapshot.provenance import Where

__all__ = [
    "CRITICAL",
    "ERROR",
    "HIGH",
    "INFO",
    "LOW",
    "MEDIUM",
    "WARNING",
    "Finding",
    "Findings",
    "Need",
    "Rule",
    "StoreView",
    "Subject",
    "Where",
    "home_of",
    "rule",
]

Findings = Iterator[Finding]
"""What the function of a rule gives."""

OWN_GROUP = "own"
"""Group of a rule that lives in no package."""


class Rule(Struct, frozen=True):
    """A rule as declared.

    Attributes:
        id: id of the invariant in the reference tables, e.g. `OVL-001`.
        slug: file name in kebab-case.
        group: package it lives in.
        severity: severity when nothing lowers or raises it.
        needs: evidence it cannot do without.
        says: message template, filled from a finding's facts.
        page: its documentation, the docstring of its module.
        check: the function.
        left_out: tells what of a store the check could not look at, `""` when it saw everything.
    """

    id: str
    slug: str
    group: str
    severity: str
    needs: tuple[Need, ...]
    says: str
    page: str
    check: Callable[[StoreView], Findings]
    left_out: Callable[[StoreView], str] | None = None

    def found(
        self,
        subject: Subject,
        evidence: Iterable[tuple[Where, str, str]],
        *,
        severity: str = "",
        confidence: str = HIGH,
        variant: str = "",
        says: str = "",
        **facts: Any,
    ) -> Finding:
        """Return a finding of this rule.

        Args:
            subject: the object to look at.
            evidence: (where, expected, observed) triples, at least one.
            severity: overrides the rule's own.
            confidence: `high`, `medium` or `low`.
            variant: tells several findings on one subject apart.
            says: overrides the rule's template.
            facts: values of the template, and what causes need to know.
        """
        places = tuple(Evidence(where, expected, observed) for where, expected, observed in evidence)
        return Finding(
            self.id,
            self.slug,
            severity or self.severity,
            confidence,
            subject,
            places,
            says or self.says,
            cast("Facts", facts),
            variant,
        )


def rule(
    rule_id: str,
    *,
    severity: str,
    says: str,
    needs: tuple[Need, ...] = (),
    left_out: Callable[[StoreView], str] | None = None,
) -> Callable[[Callable[[StoreView, Rule], Findings]], Rule]:
    """Turn `check(view, rule)` of a module into its Rule; the module's docstring becomes the page.

    In a notebook or script the function's own name and docstring take the place of the module's.
    """

    def declare(function: Callable[[StoreView, Rule], Findings]) -> Rule:
        slug, group, page = home_of(function)

        def check(view: StoreView) -> Findings:
            return function(view, made)

        made = Rule(rule_id, slug, group, severity, needs, says, page, check, left_out)
        return made

    return declare


def home_of(function: Callable[..., Any]) -> tuple[str, str, str]:
    """Return (slug, group, page) of a declared function, from its module; from itself in a notebook or script."""
    parts = function.__module__.split(".")
    if parts[0] in ("__main__", "__mp_main__"):
        return _kebab(function.__name__), OWN_GROUP, inspect.cleandoc(function.__doc__ or "")
    page = (sys.modules[function.__module__].__doc__ or "").strip()
    return _kebab(parts[-1]), parts[-2] if len(parts) > 1 else OWN_GROUP, page


def _kebab(name: str) -> str:
    return name.replace("_", "-")
