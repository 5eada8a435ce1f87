"""Choose the causes that account for the findings, and say how sure that is.

Every hypothesis has a score in nats: its prior log-odds, plus the weight of every finding it explains, plus its other
reasons for and against. Causes are chosen greedily, the best gain on findings not yet explained first: that is the
parsimonious cover, since one broad cause pays its prior once and several narrow ones pay theirs each. Weak hypotheses
(gain of 0 or less) are not chosen, and what nobody explains stays visible as unexplained.

The posterior of a chosen hypothesis is its share among all hypotheses that explain its main finding, and "something
else", whose score is 0:

    P(h) = e^score(h) / (1 + sum over rivals r, h included, of e^score(r))

where "something else" never falls more than 30 nats behind.
Rank is by probability times impact (`analyzer.causes.rank`).
"""

from __future__ import annotations

import heapq
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

CERTAIN = 30.0
"""Nats by which the best hypothesis may lead "something else": nothing is ever sure."""
LEAST, MOST = 0.0001, 0.9999


def infer(cases: Iterable[Case], families: Iterable[Family]) -> tuple[Cause, ...]:
    """Return ranked causes of all groups of stores; raises what a family raises."""
    families = tuple(families)
    return choose([h for family in families for h in family.propose(case) if h.explains] for case in cases)


def choose(groups: Iterable[Iterable[Hypothesis]]) -> tuple[Cause, ...]:
    """Return ranked causes, given the hypotheses of each group of stores."""
    chosen: list[tuple[Hypothesis, float]] = []
    for group in groups:
        hypotheses = list(group)
        claims = _claims(hypotheses)
        chosen.extend((h, posterior(h, claims[_main(h)])) for h in cover(hypotheses))
    causes = [Cause(0, h, min(max(round(p, 4), LEAST), MOST), severity_of(h), impact(h)) for h, p in chosen]
    causes.sort(key=lambda c: (-c.probability * c.impact, *_order(c.hypothesis)))
    return tuple(Cause(n, c.hypothesis, c.probability, c.severity, c.impact) for n, c in enumerate(causes, 1))


def score(hypothesis: Hypothesis) -> float:
    """Return the log-odds of a hypothesis given all evidence."""
    return hypothesis.prior + sum(hypothesis.explains.values()) + sum(r.weight for r in hypothesis.reasons)


def cover(hypotheses: Iterable[Hypothesis]) -> list[Hypothesis]:
    """Return the greedy parsimonious cover, in the order chosen; equal gains go by family, title and subject.

    Time is linear in the findings explained, times the logarithm of the number of hypotheses.
    """
    ordered = sorted(hypotheses, key=_order)
    places = {id(h): place for place, h in enumerate(ordered)}
    claims = _claims(ordered)
    explained: set[Finding] = set()
    chosen: list[Hypothesis] = []
    gains = [_gain(h, explained) for h in ordered]
    heap = [(-gain, place) for place, gain in enumerate(gains)]
    heapq.heapify(heap)
    while heap and heap[0][0] < 0:
        gain, place = heapq.heappop(heap)
        if -gain != gains[place]:
            continue
        hypothesis = ordered[place]
        chosen.append(hypothesis)
        gains[place] = -math.inf
        fresh = [finding for finding in hypothesis.explains if finding not in explained]
        explained.update(fresh)
        for touched in {places[id(h)] for finding in fresh for h in claims[finding]}:
            if gains[touched] > -math.inf:
                gains[touched] = _gain(ordered[touched], explained)
                heapq.heappush(heap, (-gains[touched], touched))
    return chosen


def _order(hypothesis: Hypothesis) -> tuple[str, str, list[str]]:
    return hypothesis.family, hypothesis.title, [subject.key for subject in hypothesis.subjects]


def _claims(hypotheses: Iterable[Hypothesis]) -> dict[Finding, list[Hypothesis]]:
    """Return the hypotheses that explain each finding."""
    claims: dict[Finding, list[Hypothesis]] = {}
    for hypothesis in hypotheses:
        for finding in hypothesis.explains:
            claims.setdefault(finding, []).append(hypothesis)
    return claims


def _gain(hypothesis: Hypothesis, explained: set[Finding]) -> float:
    fresh = [weight for finding, weight in hypothesis.explains.items() if finding not in explained]
    if not fresh:
        return -math.inf
    return hypothesis.prior + sum(fresh) + sum(reason.weight for reason in hypothesis.reasons)


def _main(hypothesis: Hypothesis) -> Finding:
    return max(hypothesis.explains.items(), key=lambda item: item[1])[0]


def posterior(hypothesis: Hypothesis, hypotheses: Iterable[Hypothesis]) -> float:
    """Return the share of a hypothesis among the rivals for its main finding and "something else"."""
    main = _main(hypothesis)
    own = score(hypothesis)
    rivals = [score(h) for h in hypotheses if h is not hypothesis and main in h.explains]
    top = max([0.0, own, *rivals])
    other = max(0.0, top - CERTAIN)
    total = math.exp(other - top) + math.exp(own - top) + sum(sorted(math.exp(rival - top) for rival in rivals))
    return math.exp(own - top) / total
