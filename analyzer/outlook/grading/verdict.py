"""The grade of one line, as a value."""

from __future__ import annotations

from msgspec import Struct

from analyzer.checks.finding import Finding
from analyzer.outlook.grading.lines import Claim

CONFIRMED, REFUTED, OPEN = "confirmed", "refuted", "open"
IMPLIED, TIME, FOREIGN_PARENT, PARTIAL_PULL, IN_USE, NOT_A_LAYER, THERE, HARD_LINK, MAPPED = (
    "implied-directory",
    "directory-time",
    "parent-in-additional-store",
    "partial-pull",
    "in-use",
    "not-a-layer",
    "not-so-here",
    "hard-link",
    "mapped-owners",
)


class Verdict(Struct, frozen=True):
    """A grade with its reason.

    Attributes:
        grade: `confirmed`, `refuted` (a false alarm) or `open`.
        because: the reason in one sentence.
        reason: kebab-case kind of a refutation, `""` for others.
        finding: what confirms it, None where nothing does.
    """

    grade: str
    because: str
    reason: str = ""
    finding: Finding | None = None


class Graded(Struct, frozen=True):
    """An error of the check with its grade."""

    claim: Claim
    verdict: Verdict


def confirmed(because: str, finding: Finding | None = None) -> Verdict:
    """Return a confirmation."""
    return Verdict(CONFIRMED, because, finding=finding)


def refuted(reason: str, because: str) -> Verdict:
    """Return a refutation."""
    return Verdict(REFUTED, because, reason)


def left_open(because: str) -> Verdict:
    """Return that the bundle settles nothing."""
    return Verdict(OPEN, because)
