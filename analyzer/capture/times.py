"""Whether a bundle keeps the times of directories and of files, and when an engine wrote last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from analyzer.capture.clock import SECOND, same_time
from analyzer.capture.kept import Kept
from analyzer.capture.recorded import description, directory_times
from analyzer.snapshot.content import DIRECTORY_CODE
from analyzer.snapshot.overlay import BACKING_DEVICE, LayerDirectory
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.store import Store

SAMPLES = 6
ENOUGH = 3
"""Directories with a recorded time that decide whether the bundle keeps such times."""
LONGEST_SPLIT = 1 << 20
SOON = 5 * SECOND


def directory_times_kept(stores: Sequence[Store], kept: Kept) -> bool:
    """Tell whether directories have the times they had on the node.

    Proved on directories that a layer's tar names: the engine gives them the recorded time, which a copy that sets its
    own time does not. Empty ones prove nothing: a tool that gives a directory its time before it fills it keeps only
    theirs. Where there are none, on layer directories: they are made with their record.
    """
    if not kept.directories:
        return False
    same = other = 0
    for store, layer in islice(_described(stores), SAMPLES):
        table = layer.tables["diff"]
        filled = {name.rpartition("/")[0] for name in table.names}
        for path, recorded in directory_times(description([store], layer.name)).items():
            row = table.index.get(path, -1)
            if row >= 0 and table.kinds[row] == DIRECTORY_CODE and path in filled:
                if same_time(table.mtimes[row], recorded):
                    same += 1
                else:
                    other += 1
        table.forget_index()
    if same + other >= ENOUGH:
        return same > 0 and 3 * same >= other
    return _made_with_their_record(stores)


def times_kept(store: Store) -> bool:
    """Tell whether the index files of a store have the times of their last change: before the youngest entry."""
    times = {file.member.mtime_ns for files in store.image_files.values() for file in files.values()}
    times |= {file.member.mtime_ns for file in store.tar_splits.values()}
    made = [record.created_ns for record in store.layers if record.created_ns is not None]
    return bool(made) and any(time <= max(made) + SECOND for time in times)


def last_write_ns(store: Store) -> int:
    """Return the youngest of the files that an engine writes whenever it changes a store; 0 without any."""
    times = [document.file.member.mtime_ns for document in store.documents.values()]
    times += [lock.file.member.mtime_ns for lock in store.locks.values()]
    times += [member.mtime_ns for name, member in store.home.others.items() if name == BACKING_DEVICE]
    return max(times, default=0)


def _described(stores: Iterable[Store]) -> Iterator[tuple[Store, LayerDirectory]]:
    for store in stores:
        for layer in store.home.layers.values():
            split = store.tar_splits.get(layer.name)
            own = layer.tables.get("diff")
            if split is not None and own is not None and len(own) and len(split.data or b"") <= LONGEST_SPLIT:
                yield store, layer


def _made_with_their_record(stores: Iterable[Store]) -> bool:
    """Tell whether some directory of a layer has the time of its record, of its container's or of its `link`."""
    for store in stores:
        created = {container.layer: container.created_ns for container in store.containers}
        created.update({record.id: record.created_ns for record in store.layers})
        for layer in store.home.layers.values():
            made = created.get(layer.name)
            if layer.member is not None and made is not None and abs(layer.member.mtime_ns - made) <= SOON:
                return True
        if not store.documents and any(map(_filled_with_its_link, store.home.layers.values())):
            return True
        if times_kept(store) and any(_filled_then(store, *each) for each in store.image_files.items()):
            return True
    return False


def _filled_with_its_link(layer: LayerDirectory) -> bool:
    """Tell whether a layer directory has the time of its `link`, which is all that tells where no record is left."""
    if layer.member is None or layer.link is None:
        return False
    return abs(layer.member.mtime_ns - layer.link.member.mtime_ns) <= SOON


def _filled_then(store: Store, name: str, files: Mapping[str, SmallFile]) -> bool:
    """Tell whether an image's data directory has the time of its files."""
    directory = store.data_dirs.get("images", {}).get(name)
    times = [file.member.mtime_ns for file in files.values()]
    return directory is not None and bool(times) and abs(directory.mtime_ns - max(times)) <= SOON
