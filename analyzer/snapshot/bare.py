"""A copy of names and attributes alone: every file is there and none has a byte of content (`cp --attributes-only`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.snapshot.store import Store

FEWEST = 8
"""Empty files that no crash leaves alone: it spares what was written before."""
NAMES_ALONE = "a store of names and attributes alone: none of its {count} files has a byte; capture contents too"


def without_content(stores: Iterable[Store]) -> int:
    """Return how many files the stores have, 0 where they are few or one of them has content."""
    count = 0
    for store in stores:
        if not store.documents:
            return 0
        for size in _sizes(store):
            if size:
                return 0
            count += 1
    return count if count >= FEWEST else 0


def _sizes(store: Store) -> Iterator[int]:
    for document in store.documents.values():
        yield document.file.member.size
    for files in (*store.image_files.values(), *store.layer_files.values(), store.tar_splits):
        for file in files.values():
            yield file.member.size
    for layer in store.home.layers.values():
        for small in layer.small_files:
            yield small.member.size
        for table in layer.tables.values():
            yield from filter(None, table.sizes)
