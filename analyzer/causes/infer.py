"""Choose the causes that account for the findings, and say how sure that is.

Every hypothesis has a score in nats: its prior log-odds, plus the weight of every finding it explains, plus its other
reasons for and against. Causes are chosen greedily, the best gain on findings not yet explained first: that is the
parsimonious cover, since one broad cause pays its prior once and several narrow ones pay theirs each. Weak hypotheses
(gain of 0 or less) are not chosen, and what nobody explains stays visible as unexplained.

The posterior of a chosen hypothesis is its share among all hypotheses that explain its main finding, and "something
else", whose score is 0:

    P(h) = e^score(h) / (1 + sum over rivals r, h included, of e^score(r))

Rank is by probability times impact (`analyzer.causes.rank`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analyzer.causes.model import Cause
from analyzer.causes.rank import impact, severity_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.causes.case import Case
    from analyzer.causes.family import Family
    from analyzer.causes.model import Hypothesis
    from analyzer.checks.finding import Finding

SCORE_CAP = 30.0


def infer(cases: Iterable[Case], families: Iterable[Family]) -> tuple[Cause, ...]:
    """Return ranked causes of all groups of stores."""
    chosen: list[tuple[Hypothesis, float]] = []
    families = tuple(families)
    for case in cases:
        hypotheses = [h for family in families for h in family.propose(case) if h.explains]
        chosen.extend((h, posterior(h, hypotheses)) for h in cover(hypotheses))
    causes = [Cause(0, h, round(p, 4), severity_of(h), impact(h)) for h, p in chosen]
    causes.sort(key=lambda c: (-c.probability * c.impact, c.id, c.hypothesis.title))
    return tuple(Cause(n, c.hypothesis, c.probability, c.severity, c.impact) for n, c in enumerate(causes, 1))


def score(hypothesis: Hypothesis) -> float:
    """Return the log-odds of a hypothesis given all evidence."""
    return hypothesis.prior + sum(hypothesis.explains.values()) + sum(r.weight for r in hypothesis.reasons)


def cover(hypotheses: list[Hypothesis]) -> list[Hypothesis]:
    """Return the greedy parsimonious cover, in the order chosen."""
    left = list(hypotheses)
    explained: set[Finding] = set()
    chosen: list[Hypothesis] = []
    while left:
        gains = [(_gain(h, explained), -index) for index, h in enumerate(left)]
        best, place = max(gains)
        if best <= 0:
            break
        hypothesis = left.pop(-place)
        chosen.append(hypothesis)
        explained |= set(hypothesis.explains)
    return chosen


def _gain(hypothesis: Hypothesis, explained: set[Finding]) -> float:
    fresh = [weight for finding, weight in hypothesis.explains.items() if finding not in explained]
    if not fresh:
        return -math.inf
    return hypothesis.prior + sum(fresh) + sum(reason.weight for reason in hypothesis.reasons)


def posterior(hypothesis: Hypothesis, hypotheses: list[Hypothesis]) -> float:
    """Return the share of a hypothesis among the rivals for its main finding and "something else"."""
    main = max(hypothesis.explains.items(), key=lambda item: item[1])[0]
    own = min(score(hypothesis), SCORE_CAP)
    rivals = [min(score(h), SCORE_CAP) for h in hypotheses if h is not hypothesis and main in h.explains]
    top = max([0.0, own, *rivals])
    total = math.exp(-top) + math.exp(own - top) + sum(math.exp(r - top) for r in rivals)
    return math.exp(own - top) / total
