"""How sure to be: a cause's share among its rivals, held against how often such causes proved right.

A share says how well one cause explains what was found compared with the others that were thought of. It knows nothing
of kinds of damage that nobody thought of, and it counts what follows from one event as often as it shows. Measured on
stores and faults that no weight was made for (`benchmarks/accuracy`, docs/accuracy.md), a family was right about as
often with a share of 0.8 as with one of 0.999. So the probability is that frequency, moved a little by the share.

The frequency is over *kinds* of fault, since the cases of one kind stand or fall together, and is drawn towards
`USUAL` as far as few kinds were seen:

    typical = (kinds right + PSEUDO · USUAL) / (kinds seen + PSEUDO)
    logit(said) = logit(typical) + SLOPE · (clip(logit(share), 0, MOST) - MIDDLE) + RIVALLED · min(logit(share), 0)

It grows with the share, so that more evidence never makes a cause less sure, up to `SUREST`: a kind that nobody thought
of is what a real node brings.
"""

from __future__ import annotations

import math

USUAL, PSEUDO = 0.93, 20
SLOPE, MIDDLE, MOST, RIVALLED = 0.15, 2.0, 3.0, 2.0
UNEXPLAINED, SUREST = 0.6, 0.99
LEAST = 1e-9
MEASURED: dict[str, tuple[float, int]] = {
    "additional-store-changed": (4.0, 7),
    "base-layer-modified": (129.0, 132),
    "container-data-lost": (18.0, 18),
    "copied-without-attributes": (23.0, 24),
    "disk-full": (3.0, 3),
    "driver-mixed": (6.0, 6),
    "image-data-altered": (25.0, 25),
    "image-data-lost": (22.0, 22),
    "interrupted-pull": (4.0, 6),
    "interrupted-removal": (2.0, 2),
    "interrupted-wipe": (7.0, 8),
    "layer-directory-removed": (37.0, 37),
    "layer-record-lost": (26.0, 26),
    "leaked-space": (5.0, 8),
    "libpod-database-damaged": (4.0, 4),
    "libpod-storage-gone": (10.0, 11),
    "local-manifest-list": (3.0, 4),
    "media-corruption": (11.0, 13),
    "permissions-swept": (35.0, 36),
    "records-disagree": (118.0, 118),
    "records-rolled-back": (19.0, 20),
    "scanner-quarantine": (15.0, 15),
    "short-links-broken": (36.8, 38),
    "store-part-removed": (3.0, 3),
    "tar-split-damaged": (24.0, 25),
    "two-writers": (13.0, 13),
    "unclean-shutdown": (47.0, 50),
}
"""Kinds of fault told rightly, and kinds seen, by family: whole captures of single faults.

Those that came last are counted as they were told at the first try, on stores that others made."""


def said(family: str, share: float) -> float:
    """Return the probability to say of a family's cause that has this share among its rivals, both in (0, 1)."""
    odds = logit(share)
    typical = UNEXPLAINED if family == "unexplained" else usually(*MEASURED.get(family, (0.0, 0)))
    told = logit(typical) + SLOPE * (min(max(odds, 0.0), MOST) - MIDDLE) + RIVALLED * min(odds, 0.0)
    return min(SUREST, 1 / (1 + math.exp(-told)))


def usually(right: float, kinds: int) -> float:
    """Return how often a family is right that told `right` of `kinds` kinds of fault rightly."""
    return (right + PSEUDO * USUAL) / (kinds + PSEUDO)


def logit(share: float) -> float:
    """Return the log-odds of a share, bounded."""
    bounded = min(max(share, LEAST), 1 - LEAST)
    return math.log(bounded / (1 - bounded))
