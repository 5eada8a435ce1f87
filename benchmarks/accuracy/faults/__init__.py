"""Ways of damaging a store in memory, each with the truth computed from the records before the damage."""

from benchmarks.accuracy.faults import (
    contents,
    field,
    images,
    indexes,
    later,
    links,
    mass,
    records,
    restored,
    singles,
    stores,
    unseen,
    users,
)
from benchmarks.accuracy.faults.registry import KINDS, LATER, UNSEEN

__all__ = [
    "KINDS",
    "LATER",
    "UNSEEN",
    "contents",
    "field",
    "images",
    "indexes",
    "later",
    "links",
    "mass",
    "records",
    "restored",
    "singles",
    "stores",
    "unseen",
    "users",
]
