"""The plan of a bundle as a value: the plans of its groups of stores, their steps numbered through."""

from __future__ import annotations

from msgspec import Struct

from analyzer.repair.plan import GroupPlan
from analyzer.repair.steps import PlanStep


class Numbered(Struct, frozen=True):
    """A step with its number in the bundle's plan, and which group it is of."""

    number: int
    group: int
    step: PlanStep


class BundlePlan(Struct, frozen=True):
    """What to do about a bundle.

    Attributes:
        groups: the plans of its groups of stores.
        failed: why a group has no plan, where making it failed.
    """

    groups: tuple[GroupPlan, ...]
    failed: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Numbered, ...]:
        """Return all steps, numbered from 1."""
        pairs = [(number, step) for number, group in enumerate(self.groups) for step in group.steps]
        return tuple(Numbered(place, group, step) for place, (group, step) in enumerate(pairs, 1))
