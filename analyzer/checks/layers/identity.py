"""Layer ids that follow from parent and content (containers/image storage destination, layerID).

A pulled base layer has its DiffID's hex as id; every other pulled layer the SHA-256 of `<parent id>+<hex>`, where a
layer known only by its TOC has `@TOC=<hex>` for `<hex>` and is hashed without a parent too. Builds, containers and
id-mapped copies have random ids, so that only a match proves something.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.snapshot.layers import LayerRecord


def derived_ids(record: LayerRecord, parent: str) -> list[str]:
    """Return the ids this content would have on `parent` (`""` for none): by DiffID, by TOC digest."""
    ids = []
    diff = record.diff_digest.partition(":")[2]
    if diff:
        ids.append(_hash(f"{parent}+{diff}") if parent else diff)
    toc = record.toc_digest.partition(":")[2]
    if toc:
        ids.append(_hash(f"{parent}+@TOC={toc}"))
    return ids


def made_on(record: LayerRecord, parent: str) -> bool:
    """Tell whether the layer's id proves that it was made on `parent` (`""` for none)."""
    return record.id in derived_ids(record, parent)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
