"""Layer ids that follow from parent and content (containers/image storage destination, layerID).

A pulled base layer has its DiffID's hex as id; every other pulled layer the SHA-256 of `<parent id>+<hex>`, where a
layer known only by its TOC has `@TOC=<hex>` for `<hex>` and is hashed without a parent too. Builds, containers and
id-mapped copies have random ids, so that only a match proves something.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from itertools import accumulate

from analyzer.snapshot.digests import hex_sha256
from analyzer.snapshot.layers import LayerRecord


def id_by_digest(parent: str, digest: str) -> str:
    """Return the id of a pulled layer with a DiffID on `parent` (`""` for none)."""
    own = digest.partition(":")[2]
    return hex_sha256(f"{parent}+{own}") if parent else own


def id_by_toc(parent: str, digest: str) -> str:
    """Return the id of a layer that is known by its TOC alone, on `parent` (`""` for none)."""
    return hex_sha256(f"{parent}+@TOC={digest.partition(':')[2]}")


def chain_ids(digests: Iterable[str], made: Callable[[str, str], str] = id_by_digest) -> list[str]:
    """Return the ids that pulled layers with these DiffIDs, or TOC digests (`id_by_toc`), have, base layer first."""
    return list(accumulate(digests, made, initial=""))[1:]


def derived_ids(record: LayerRecord, parent: str) -> list[str]:
    """Return the ids this content would have on `parent` (`""` for none): by DiffID, by TOC digest."""
    ids = [id_by_digest(parent, record.diff_digest)] if record.diff_digest else []
    return [*ids, id_by_toc(parent, record.toc_digest)] if record.toc_digest else ids


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
