"""What was left out by the first characters of its name: ids are random, so chance does not sort them."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.snapshot.store import Store

CHANCE = 1 / 16
"""What is at least as probable by chance tells nothing."""


def left_out_by_name(store: Store) -> frozenset[str]:
    """Return ids of which the bundle holds nothing that they name, whose first characters tell them from the rest.

    That is a first character which several of them share and no other id has, or one end of the list in their order.
    """
    known = sorted(_named(store).items())
    absent = [each for each, there in known if not any(there)]
    present = [each for each, there in known if any(there)]
    if not absent or not present:
        return frozenset()
    first = {each[:1] for each in absent}
    shared = len(absent) > 1 and len(first) == 1 and first.isdisjoint(each[:1] for each in present)
    apart = absent[-1] < present[0] or present[-1] < absent[0]
    by_chance = 2 / comb(len(known), len(absent))
    return frozenset(absent) if shared or (apart and by_chance < CHANCE) else frozenset()


def _named(store: Store) -> dict[str, list[bool]]:
    """Return for every id of a record which of the things with its name are there."""
    found: dict[str, list[bool]] = {}
    for each, there in _expected(store):
        found.setdefault(each, []).append(there)
    return found


def _expected(store: Store) -> Iterator[tuple[str, bool]]:
    for layer in store.layers:
        yield layer.id, layer.id in store.home.layers
        if layer.diff_digest and not layer.toc_digest:
            yield layer.id, layer.id in store.tar_splits
    for image in store.images:
        yield image.id, image.id in store.image_files or image.id in store.data_dirs.get("images", {})
    directories = store.data_dirs.get("containers", {})
    for container in store.containers:
        yield container.id, container.id in store.container_files or container.id in directories
