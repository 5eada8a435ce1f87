"""A comparison as pandas DataFrames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from analyzer.compare.model import KINDS, STATES, Change, Comparison
from analyzer.snapshot.frames import frame

if TYPE_CHECKING:
    import pandas as pd

DIFFERENCES = {
    "kind": "string",
    "state": "string",
    "key": "string",
    "id": "string",
    "name": "string",
    "store": "string",
    "what": "string",
    "before": "string",
    "after": "string",
    "unseen": "string",
    "because": "string",
    "path_a": "string",
    "path_b": "string",
}
EXPLAINED = {"cause": "string", "fate": "string", **DIFFERENCES}
SUMMARY = {"kind": "string", **{state.replace("-", "_"): "int64" for state in STATES}}


def differences(changes: Iterable[Change]) -> pd.DataFrame:
    """Return one row per thing, one per value that differs for a changed one."""
    return frame((row for change in changes for row in _rows(change)), DIFFERENCES)


def _rows(change: Change) -> Iterator[dict[str, Any]]:
    item = change.item
    common = {
        "kind": change.kind,
        "state": change.state,
        "key": item.key,
        "id": item.owner,
        "name": item.name,
        "store": change.store,
        "unseen": change.unseen,
        "because": change.because,
        "path_a": change.before.path if change.before is not None else "",
        "path_b": change.after.path if change.after is not None else "",
    }
    if not change.facts:
        yield {**common, "what": "", "before": "", "after": ""}
    for fact in change.facts:
        yield {**common, "what": fact.name, "before": fact.before, "after": fact.after}


def summary(comparison: Comparison) -> pd.DataFrame:
    """Return how many things of each kind are in each state; kinds that neither capture has are left out."""
    counts = comparison.counts
    rows = [
        {"kind": kind, **{state.replace("-", "_"): counts.get((kind, state), 0) for state in STATES}}
        for kind in KINDS
        if any((kind, state) in counts for state in STATES)
    ]
    return frame(rows, SUMMARY)


def explained(comparison: Comparison) -> pd.DataFrame:
    """Return the changes that go with each cause that came or went; `fate` says which of the two."""
    rows = (
        {"cause": account.cause.item.name, "fate": account.cause.state, **row}
        for account in comparison.accounts
        for change in account.changes
        for row in _rows(change)
    )
    return frame(rows, EXPLAINED)
