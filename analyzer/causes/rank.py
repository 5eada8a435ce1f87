"""How much a cause matters: one documented function.

    impact = severity x (1 + log2(1 + images + 2 x containers)) x 1.5 when one engine's whole listing fails

with severity 1 for info, 4 for warning, 16 for error, 32 for critical. A container counts twice: it is a workload that
does not come back. The logarithm keeps a wide warning below a narrow error.
"""

from __future__ import annotations

import math

from analyzer.causes.model import Hypothesis
from analyzer.checks.finding import RANK

SEVERITY_WEIGHT = {"info": 1.0, "warning": 4.0, "error": 16.0, "critical": 32.0}
LISTING = 1.5


def severity_of(hypothesis: Hypothesis) -> str:
    """Return the hypothesis' own severity, else the worst of what it explains."""
    return hypothesis.severity or max((f.severity for f in hypothesis.explains), key=RANK.__getitem__)


def impact(hypothesis: Hypothesis) -> float:
    """Return the impact of a cause, in the unit of a single info-level finding that hits nothing."""
    hit = hypothesis.affected
    reach = 1 + math.log2(1 + len(hit.images) + 2 * len(hit.containers))
    return SEVERITY_WEIGHT[severity_of(hypothesis)] * reach * (LISTING if hypothesis.fails_listing else 1.0)
