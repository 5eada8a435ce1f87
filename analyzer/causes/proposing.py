"""Ask every family for its hypotheses; a family that fails costs its own hypotheses and nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from analyzer.causes.case import Case
from analyzer.causes.family import Family
from analyzer.causes.logged import with_errors, with_logs
from analyzer.causes.model import Hypothesis


class Proposals(Struct, frozen=True):
    """Hypotheses of each group of stores, and (name, reason) of families that failed."""

    by_case: tuple[tuple[Hypothesis, ...], ...]
    faulty: tuple[tuple[str, str], ...] = ()


def propose_all(cases: Iterable[Case], families: Iterable[Family]) -> Proposals:
    """Return what all families propose, in their order; one that explains nothing is left out."""
    kept = tuple(families)
    by_case = []
    faulty: dict[str, str] = {}
    for case in cases:
        proposed: list[Hypothesis] = []
        for family in kept:
            try:
                proposed.extend(_sound(case, family))
            except Exception as error:  # noqa: BLE001  one faulty family must not cost the report
                faulty[f"cause {family.id}"] = f"it failed ({type(error).__name__}: {error})"
        by_case.append(tuple(proposed))
    return Proposals(tuple(by_case), tuple(faulty.items()))


def _sound(case: Case, family: Family) -> list[Hypothesis]:
    """Return what one family proposes.

    Raises:
        Exception: whatever the family raises, and TypeError or ValueError for a hypothesis that cannot be weighed.
    """
    known = set(case.findings)
    proposed = []
    errors = case.of("HST-006")
    for hypothesis in family.propose(case):
        if not isinstance(hypothesis, Hypothesis):
            raise TypeError(f"proposes a {type(hypothesis).__name__}, not a Hypothesis")
        if not hypothesis.subjects:
            raise ValueError("proposes a hypothesis without a subject")
        if not known.issuperset(hypothesis.explains):
            raise ValueError("explains a finding that is not of this case")
        weights = [hypothesis.prior, *hypothesis.explains.values(), *(reason.weight for reason in hypothesis.reasons)]
        if not all(map(math.isfinite, weights)):
            raise ValueError("gives a weight that is no finite number")
        if hypothesis.explains:
            weighed = with_errors(with_logs(hypothesis, case.log_events), errors)
            proposed.append(weighed if case.snapshot.whole else replace(weighed, whole=False))
    return proposed
