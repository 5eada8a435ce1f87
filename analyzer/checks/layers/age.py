"""How old a layer was when the bundle was taken.

The clock is the store's own: the newest write of an index file or a lock. Files of layers keep the times their image
gave them, which may lie far in the future.
"""

from __future__ import annotations

from analyzer.checks.store_view import StoreView
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.times import DAY

DAY_NS = DAY


def last_write_ns(view: StoreView) -> int:
    """Return the newest write the stores of this group show, in Unix nanoseconds; 0 when nothing tells."""
    newest = 0
    for store in view.rel.stores:
        newest = max(newest, *(document.file.member.mtime_ns for document in store.documents.values()), 0)
        newest = max(newest, *(lock.written_ns or 0 for lock in store.locks.values()), 0)
    return newest


def is_recent(record: LayerRecord, clock_ns: int) -> bool:
    """Tell whether a layer was made within the last day before the newest write; a layer without a date was not."""
    return record.created_ns is not None and clock_ns - record.created_ns < DAY_NS


def pulling(view: StoreView) -> bool:
    """Tell whether any layer is flagged incomplete, as during a pull."""
    return any(layer.incomplete for layer in view.rel.layers.values())
