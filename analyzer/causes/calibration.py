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
    "base-layer-modified": (52.0, 54),
    "container-data-lost": (11.0, 11),
    "copied-without-attributes": (11.0, 11),
    "disk-full": (3.0, 3),
    "driver-mixed": (5.0, 5),
    "image-data-altered": (16.0, 16),
    "image-data-lost": (6.0, 6),
    "interrupted-pull": (3.0, 3),
    "interrupted-removal": (2.0, 2),
    "interrupted-wipe": (2.0, 3),
    "layer-directory-removed": (19.0, 19),
    "layer-record-lost": (9.0, 9),
    "leaked-space": (5.0, 5),
    "libpod-database-damaged": (2.0, 2),
    "local-manifest-list": (3.0, 4),
    "media-corruption": (6.0, 6),
    "permissions-swept": (13.0, 13),
    "records-disagree": (44.0, 44),
    "records-rolled-back": (15.0, 15),
    "scanner-quarantine": (3.0, 3),
    "short-links-broken": (14.0, 14),
    "store-part-removed": (2.0, 2),
    "tar-split-damaged": (11.0, 11),
    "two-writers": (10.0, 10),
    "unclean-shutdown": (28.0, 29),
}
"""Kinds of fault told rightly, and kinds seen, by family: whole captures of single faults."""


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
