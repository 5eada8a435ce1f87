"""A store in which nothing was ever made: directories and locks, and nothing else."""

from __future__ import annotations

from analyzer.snapshot.store import Store

PARTS = ("layers", "images")


def never_used(store: Store) -> bool:
    """Tell whether a store is whole and empty: the engine's directories with their locks, no index, no data.

    An engine makes the directories of layers and images with a lock in each when it opens a store for the first time
    (containers/storage store.go: load), and the index only with the first record.
    """
    if store.documents or store.tar_splits or store.layer_files or store.image_files or store.container_files:
        return False
    if store.home.layers or store.home.links or store.temporaries:
        return False
    return all(part in store.part_dirs and f"{part}.lock" in store.locks for part in PARTS)
