"""Is it chance that sick nodes share a fact? Fisher's exact test, and a correction for asking many times."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma

SMALL = 1e-18
"""Share of the sum below which further terms cannot change it."""


def fisher_greater(sick_with: int, sick: int, with_it: int, total: int) -> float:
    """Return the chance that at least `sick_with` of the sick nodes have a fact, if it had nothing to do with them.

    The one-sided p-value of Fisher's exact test: the upper tail of the hypergeometric distribution.

    Args:
        sick_with: sick nodes that have the fact.
        sick: sick nodes.
        with_it: nodes that have the fact, sick or not.
        total: nodes.
    """
    most = min(sick, with_it)
    if sick_with <= max(0, sick + with_it - total):
        return 1.0
    first = _log_choose(with_it, sick_with) + _log_choose(total - with_it, sick - sick_with) - _log_choose(total, sick)
    term = summed = 1.0
    for k in range(sick_with, most):
        term *= (with_it - k) * (sick - k) / ((k + 1) * (total - with_it - sick + k + 1))
        summed += term
        if term < SMALL * summed:
            break
    return min(1.0, exp(first) * summed)


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def lift(sick_with: int, sick: int, with_it: int, total: int) -> float:
    """Return how many times more common a fact is among the sick nodes than among all; arguments as above."""
    return (sick_with / sick) / (with_it / total)


def holm(p_values: Sequence[float], tests: int) -> list[float]:
    """Return p-values corrected for the number of tests by Holm's method, which needs no independence.

    Args:
        p_values: of the tests that may matter, in any order.
        tests: how many tests were made; those not given count as if they came last.
    """
    order = sorted(range(len(p_values)), key=lambda number: p_values[number])
    corrected = [1.0] * len(p_values)
    worst = 0.0
    for place, number in enumerate(order):
        worst = max(worst, min(1.0, p_values[number] * (tests - place)))
        corrected[number] = worst
    return corrected
