"""What one command did to many directories of a store at one time, which no engine does."""

from __future__ import annotations

from analyzer.capture.answer import Removed
from analyzer.capture.clock import FAR, SECOND, StoreClock
from analyzer.snapshot.store import Store
from analyzer.snapshot.times import format_time

SEVERAL = 3
LONGEST = 60 * SECOND
"""Longest time in which one command goes over the directories of a store."""


def taken_together(store: Store, name: str, clock: StoreClock) -> Removed | None:
    """Return when one command took a name from all layer directories, None where nothing says so.

    An engine changes layer directories one at a time, and it writes an index, a lock or the files of a layer then.
    """
    layers = store.home.layers.values()
    times = [each.member.mtime_ns for each in layers if each.member is not None]
    last = clock.last_write_ns
    if not clock.kept or len(times) < max(SEVERAL, len(layers)) or not last:
        return None
    if any(name in each.entries for each in layers):
        return None
    first = min(times)
    if first <= last + FAR or max(times) > first + LONGEST:
        return None
    when = format_time(first)
    return Removed(first, f"{len(times)} layer directories were changed at {when}, after the engine's last write")


def indexes_emptied(store: Store, clock: StoreClock) -> Removed | None:
    """Return when one command emptied the directories of the index files, None where nothing says so.

    An engine writes two of them at one time when it pulls or makes a container, and then a layer is new as well.
    """
    files = [file.member.mtime_ns for each in store.home.layers.values() for file in each.small_files]
    times = [each.member.mtime_ns for each in store.part_dirs.values()]
    if not clock.kept or len(times) < SEVERAL or not files or store.documents:
        return None
    first = min(times)
    if first <= max(files) + FAR or max(times) > first + FAR:
        return None
    return Removed(first, f"the directories of all index files were changed at {format_time(first)}")
