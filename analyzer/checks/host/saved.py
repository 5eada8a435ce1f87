"""When the index of a part was saved, for rules that hold listings of engines against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.checks.rule import StoreView


def saved_ns(view: StoreView, part: str) -> int:
    """Return when the youngest index of a part was saved, 0 without one."""
    documents = (document for store in view.rel.stores for document in store.documents_of(part))
    return max((document.file.member.mtime_ns for document in documents), default=0)
