"""The same store as a poorer bundle shows it."""

from __future__ import annotations

import re
from collections.abc import Callable

from analyzer.source.member import NO_XATTRS, Loss
from benchmarks.accuracy.bundle import Bundle

IN_DIFF = re.compile(r"/overlay/[^/]+/diff\d*/")
KEPT = (0.6, 0.8, 0.95)
"""Shares of a cut archive's bytes that are still there, by turns."""


def whole(_store: Bundle, _turn: int) -> None:
    """Leave everything."""


def metadata_only(store: Bundle, _turn: int) -> None:
    """Leave the contents of layers out."""
    store.entries = {path: entry for path, entry in store.entries.items() if not IN_DIFF.search(path)}


def without_xattrs(store: Bundle, _turn: int) -> None:
    """Lose all extended attributes on the way, as a plain `tar` does."""
    for member, _ in store.entries.values():
        member.xattrs = NO_XATTRS


def cut(store: Bundle, turn: int) -> None:
    """End the archive early; members come in the order of GNU tar's `--sort=name`."""
    ordered = dict(sorted(store.entries.items()))
    sizes = [512 + -(-len(data) // 512) * 512 for _, data in ordered.values()]
    bound = sum(sizes) * KEPT[turn % len(KEPT)]
    kept, read = {}, 0
    for (path, entry), size in zip(ordered.items(), sizes, strict=True):
        read += size
        if read > bound:
            break
        kept[path] = entry
    store.entries = kept
    store.losses.append(Loss("the archive ends early", store.path, int(bound)))


CAPTURES: dict[str, Callable[[Bundle, int], None]] = {
    "whole": whole,
    "metadata": metadata_only,
    "no-xattrs": without_xattrs,
    "cut": cut,
}
