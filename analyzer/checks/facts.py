"""What one part of the program may ask a finding of another part: a name that is not here does not pass the type check.

A rule may give further facts, for its own message alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypedDict


class Facts(TypedDict, total=False):
    """Facts of findings that causes, plans, predictions and reports read; each of them some rules alone give.

    Related objects are full ids. Paths in `files` lie below the layer's diff directory. Times are RFC 3339, those
    whose name ends in `_ns` Unix nanoseconds.
    """

    layer: str
    layers: Collection[str]
    images: Collection[str]
    containers: Collection[str]
    ids: Collection[str]
    broken: Collection[str]
    traces: Collection[str]
    others: Collection[str]
    lost: Collection[str]
    behaviours: Collection[str]
    files: Sequence[str]
    items: Sequence[str]
    named: Sequence[str]
    recorded: Sequence[str]
    kinds: Mapping[str, int]

    absent: bool
    blocks: bool
    everything: bool
    fails_listing: bool
    full: bool
    in_flight: bool
    infra: bool
    one_bit: bool
    opens: bool
    read_only: bool
    record_wrong: bool
    sweep: bool
    unsynced: bool
    untouched: bool
    unused: bool
    volatile: bool

    bytes: int
    count: int
    missing: int
    directories: int
    all: int
    share: float
    written_ns: int

    aside: str
    other: str
    command: str
    conf: str
    configured: str
    created: str
    database: str
    doubt: str
    driver: str
    engine_message: str
    error: str
    expected: str
    facet: str
    first_change: str
    found: str
    key: str
    kind: str
    last_change: str
    largest: str
    lower_should_be: str
    member: str
    mount: str
    name: str
    number: int
    part: str
    path: str
    value: str
    pattern: str
    pointer: str
    pod: str
    problem: str
    renewed: str
    right: str
    root: str
    said: str
    seen: str
    type: str
    user: str
    what: str
