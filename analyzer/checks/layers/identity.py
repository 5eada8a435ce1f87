"""Layer ids that follow from parent and content (containers/image storage destination, layerID).

A pulled base layer has its DiffID's hex as id; every other pulled layer the SHA-256 of `<parent id>+<hex>`, where a
layer known only by its TOC has `@TOC=<hex>` for `<hex>` and is hashed without a parent too. Builds, containers and
id-mapped copies have random ids, so that only a match proves something.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from analyzer.snapshot.digests import hex_sha256
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


def parent_of_id(record: LayerRecord, candidates: Iterable[str]) -> str | None:
    """Return the first of the candidates (`""` for none) that the layer's id proves to be its parent."""
    diff, toc = record.diff_digest.partition(":")[2], record.toc_digest.partition(":")[2]
    tails = [f"+{diff}".encode("utf-8", "surrogateescape")] * bool(diff)
    tails += [f"+@TOC={toc}".encode("utf-8", "surrogateescape")] * bool(toc)
    sha256 = hashlib.sha256
    for parent in candidates:
        if not parent:
            if made_on(record, parent):
                return parent
            continue
        head = parent.encode("utf-8", "surrogateescape")
        for tail in tails:
            if sha256(head + tail).hexdigest() == record.id:
                return parent
    return None


def _hash(text: str) -> str:
    return hex_sha256(text)
