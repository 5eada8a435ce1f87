"""Choose the causes that account for the findings, and say how sure that is.

Every hypothesis has a score in nats: its prior log-odds, plus the weight of every finding it explains, plus its other
reasons for and against. Causes are chosen greedily, the best gain on findings not yet explained first: that is the
parsimonious cover, since one broad cause pays its prior once and several narrow ones pay theirs each. Weak hypotheses
(gain of 0 or less) are not chosen, and what nobody explains stays visible as unexplained.

The posterior of a chosen hypothesis is its share among all hypotheses that explain its main finding, and "something
else", whose score is 0:

    P(h) = e^score(h) / (1 + sum over rivals r, h included, of e^score(r))

where "something else" never falls more than 30 nats behind. What is said is this share held against how often such
causes proved right (`analyzer.causes.calibration`).
Rank is by probability times impact (`analyzer.causes.rank`); what hurts no engine of the bundle comes last.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from fractions import Fraction

from msgspec import Struct

from analyzer.causes.calibration import said
from analyzer.causes.case import Case
from analyzer.causes.family import Family
from analyzer.causes.model import Cause, Hypothesis
from analyzer.causes.rank import impact, severity_of
from analyzer.checks.finding import INFO, Finding

CERTAIN = 30.0
"""Nats by which the best hypothesis may lead "something else": nothing is ever sure."""
LEAST = 0.0001
"""What is said at least of a cause that was chosen."""


def infer(cases: Iterable[Case], families: Iterable[Family]) -> tuple[Cause, ...]:
    """Return ranked causes of all groups of stores; raises what a family raises."""
    families = tuple(families)
    return choose([h for family in families for h in family.propose(case) if h.explains] for case in cases)


def choose(groups: Iterable[Iterable[Hypothesis]]) -> tuple[Cause, ...]:
    """Return ranked causes, given the hypotheses of each group of stores."""
    chosen: list[tuple[Hypothesis, float]] = []
    for group in groups:
        hypotheses = list(group)
        rivals = _rivals(hypotheses)
        covering = cover(hypotheses)
        several = sum(not h.harmless and severity_of(h) != INFO for h in covering) > 1
        chosen.extend((h, _said(h, _share(score(h), rivals[_main(h)]), beside=several)) for h in covering)
    causes = [Cause(0, h, max(round(p, 4), LEAST), severity_of(h), impact(h)) for h, p in chosen]
    causes.sort(key=lambda c: (c.hypothesis.harmless, -c.probability * c.impact, *_order(c.hypothesis)))
    return tuple(Cause(n, c.hypothesis, c.probability, c.severity, c.impact) for n, c in enumerate(causes, 1))


def _said(hypothesis: Hypothesis, share: float, *, beside: bool) -> float:
    """Return the probability to say; how often causes proved right was measured on bundles that are whole."""
    measured = said(hypothesis.family, share, beside=beside)
    return measured if hypothesis.whole else min(measured, share)


def score(hypothesis: Hypothesis) -> float:
    """Return the log-odds of a hypothesis given all evidence."""
    return hypothesis.prior + sum(hypothesis.explains.values()) + sum(r.weight for r in hypothesis.reasons)


def cover(hypotheses: Iterable[Hypothesis]) -> list[Hypothesis]:
    """Return the greedy parsimonious cover, in the order chosen; equal gains go by family, title and subject.

    Gains are exact fractions, so that taking a weight off again gives what leaving it out gives. Time is linear in the
    pairs of hypothesis and finding, times the logarithm of their number.
    """
    ordered = sorted(hypotheses, key=_order)
    claims: dict[Finding, list[tuple[int, Fraction]]] = {}
    gains, fresh = [], []
    for place, hypothesis in enumerate(ordered):
        weights = {finding: Fraction(weight) for finding, weight in hypothesis.explains.items()}
        for finding, weight in weights.items():
            claims.setdefault(finding, []).append((place, weight))
        gains.append(
            sum(weights.values(), Fraction(hypothesis.prior)) + sum(Fraction(r.weight) for r in hypothesis.reasons)
        )
        fresh.append(len(weights))
    heap = [(-gain, place) for place, gain in enumerate(gains) if gain > 0 and fresh[place]]
    heapq.heapify(heap)
    chosen: list[Hypothesis] = []
    while heap:
        gain, place = heapq.heappop(heap)
        if -gain != gains[place] or not fresh[place]:
            continue
        chosen.append(ordered[place])
        touched = set()
        for finding in ordered[place].explains:
            for other, weight in claims.pop(finding, ()):
                gains[other] -= weight
                fresh[other] -= 1
                touched.add(other)
        for other in touched:
            if gains[other] > 0 and fresh[other]:
                heapq.heappush(heap, (-gains[other], other))
    return chosen


def _order(hypothesis: Hypothesis) -> tuple[str, str, list[str]]:
    return hypothesis.family, hypothesis.title, [subject.key for subject in hypothesis.subjects]


class _Rivals(Struct, frozen=True):
    """All hypotheses that explain one finding, "something else" included: the best score, and the sum against it."""

    top: float
    total: float


def _rivals(hypotheses: Iterable[Hypothesis]) -> dict[Finding, _Rivals]:
    """Return the rivals about every finding that is some hypothesis' main one."""
    known = list(hypotheses)
    scores: dict[Finding, list[float]] = {_main(h): [] for h in known}
    for hypothesis in known:
        own = score(hypothesis)
        for finding in hypothesis.explains.keys() & scores.keys():
            scores[finding].append(own)
    return {finding: _weighed(found) for finding, found in scores.items()}


def _weighed(scores: list[float]) -> _Rivals:
    top = max([0.0, *scores])
    other = max(0.0, top - CERTAIN)
    return _Rivals(top, math.exp(other - top) + math.fsum(math.exp(each - top) for each in scores))


def _share(own: float, rivals: _Rivals) -> float:
    return math.exp(own - rivals.top) / rivals.total


def _main(hypothesis: Hypothesis) -> Finding:
    return max(hypothesis.explains.items(), key=lambda item: item[1])[0]


def posterior(hypothesis: Hypothesis, hypotheses: Iterable[Hypothesis]) -> float:
    """Return the share of a hypothesis among the rivals for its main finding and "something else"."""
    main = _main(hypothesis)
    rivals = [score(h) for h in hypotheses if h is not hypothesis and main in h.explains]
    return _share(score(hypothesis), _weighed([score(hypothesis), *rivals]))
