"""How sure to be: a cause's share among its rivals, held against how often such causes proved right.

A share says how well one cause explains what was found compared with the others that were thought of. It knows nothing
of kinds of damage that nobody thought of, and it counts what follows from one event as often as it shows. Measured on
stores and faults that no weight was made for (`benchmarks/accuracy`, docs/accuracy.md), a family was right about as
often with a share of 0.8 as with one of 0.999. So the probability is that frequency, moved a little by the share.

The frequency is over *kinds* of fault, since the cases of one kind stand or fall together, and is drawn towards
`USUAL` as far as few kinds were seen:

    typical = (kinds right + PSEUDO · USUAL) / (kinds seen + PSEUDO)
    logit(said) = logit(typical) + SLOPE · (clip(logit(share), 0, MOST) - MIDDLE) + RIVALLED · min(logit(share), 0)

It grows with the share, so that more evidence never makes a cause less sure.
"""

from __future__ import annotations

import math

USUAL, PSEUDO = 0.93, 20
SLOPE, MIDDLE, MOST, RIVALLED = 0.15, 2.0, 3.0, 2.0
UNEXPLAINED = 0.6
LEAST = 1e-9
MEASURED: dict[str, tuple[float, int]] = {
    "additional-store-changed": (3.0, 4),
    "base-layer-modified": (72.0, 74),
    "container-data-lost": (11.0, 11),
    "copied-without-attributes": (18.0, 18),
    "disk-full": (3.0, 3),
    "driver-mixed": (5.0, 5),
    "image-data-altered": (20.0, 20),
    "image-data-lost": (10.0, 10),
    "interrupted-pull": (3.0, 3),
    "interrupted-removal": (2.0, 2),
    "interrupted-wipe": (2.0, 3),
    "layer-directory-removed": (26.0, 26),
    "layer-record-lost": (13.0, 13),
    "leaked-space": (5.0, 6),
    "libpod-database-damaged": (2.0, 2),
    "libpod-storage-gone": (7.0, 7),
    "local-manifest-list": (3.0, 4),
    "media-corruption": (11.0, 11),
    "permissions-swept": (17.0, 17),
    "records-disagree": (70.0, 70),
    "records-rolled-back": (16.0, 17),
    "scanner-quarantine": (7.0, 7),
    "short-links-broken": (24.8, 25),
    "store-part-removed": (2.0, 2),
    "tar-split-damaged": (13.0, 14),
    "two-writers": (10.0, 10),
    "unclean-shutdown": (39.0, 40),
}
"""Kinds of fault told rightly, and kinds seen, by family: whole captures of single faults.

Those that came last are counted as they were told at the first try, on stores that others made."""


def said(family: str, share: float) -> float:
    """Return the probability to say of a family's cause that has this share among its rivals, both in (0, 1)."""
    odds = logit(share)
    typical = UNEXPLAINED if family == "unexplained" else usually(*MEASURED.get(family, (0.0, 0)))
    return 1 / (
        1 + math.exp(-(logit(typical) + SLOPE * (min(max(odds, 0.0), MOST) - MIDDLE) + RIVALLED * min(odds, 0.0)))
    )


def usually(right: float, kinds: int) -> float:
    """Return how often a family is right that told `right` of `kinds` kinds of fault rightly."""
    return (right + PSEUDO * USUAL) / (kinds + PSEUDO)


def logit(share: float) -> float:
    """Return the log-odds of a share, bounded."""
    bounded = min(max(share, LEAST), 1 - LEAST)
    return math.log(bounded / (1 - bounded))
