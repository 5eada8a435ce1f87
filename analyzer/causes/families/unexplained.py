"""Damage that no other family accounts for.

What happened
    Not known. The findings stand for themselves; no cause of this list explains them well enough to be claimed.

How it shows
    Findings of severity warning or worse about one object, without a better explanation.

What speaks against it
    Any other family that explains the same findings.

What to do
    Read the findings and their evidence. Collect what is listed under "would settle".

Sources
    None: this family exists so that nothing found stays unsaid.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case
from analyzer.causes.family import family
from analyzer.causes.grouping import group, weigh
from analyzer.causes.model import Hypothesis

PRIOR = -1.0
WEIGHT, FURTHER = 1.3, 0.1


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose an unknown cause for each subject with findings of weight."""
    heavy = [f for f in case.findings if f.is_at_least("warning")]
    for (kind, key), findings in group(heavy, lambda f: (f.subject.kind, f.subject.key)).items():
        subject = findings[0].subject
        affected = case.affected(
            [key] if kind == "layer" else [], [key] if kind == "image" else [], [key] if kind == "container" else []
        )
        yield Hypothesis(
            family="unexplained",
            title=f"{kind} {subject.label}: cause not known",
            subjects=(subject,),
            explains=weigh(findings, WEIGHT, FURTHER),
            prior=PRIOR,
            affected=affected,
            would_settle=("logs of the engine and the kernel around the time the object was last written",),
        )
