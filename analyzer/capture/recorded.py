"""What describes the files of a layer, and the times that it gives directories."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.limits import DEFAULT, Limits
from analyzer.snapshot.store import Store
from analyzer.snapshot.tar_split import TarSplit
from analyzer.snapshot.toc import FORMAT_FILE, TOC_FILE, Toc
from analyzer.source.member import DIRECTORY


def description(stores: Iterable[Store], layer_id: str, limits: Limits = DEFAULT) -> TarSplit | Toc | None:
    """Return what describes a layer: its tar-split, else the table of contents of a partial pull; None without one."""
    known = tuple(stores)
    for store in known:
        if (file := store.tar_splits.get(layer_id)) is not None:
            return TarSplit(file, limits)
    for store in known:
        files = store.layer_files.get(layer_id, {})
        if TOC_FILE in files:
            return Toc(files[TOC_FILE], files.get(FORMAT_FILE), limits)
    return None


def directory_times(described: TarSplit | Toc | None) -> dict[str, int]:
    """Return the time of every directory that a layer's tar names, by path, in Unix nanoseconds."""
    if described is None:
        return {}
    return {entry.path: entry.mtime_ns for entry in described.entries() if entry.kind == DIRECTORY}


def written_ns(stores: Iterable[Store], layer_id: str) -> int | None:
    """Return when an engine had unpacked a layer: when it wrote what describes it; None where that is not there."""
    times = []
    for store in stores:
        if (file := store.tar_splits.get(layer_id)) is not None:
            times.append(file.member.mtime_ns)
        times += [file.member.mtime_ns for file in store.layer_files.get(layer_id, {}).values()]
    return max(times, default=None)
