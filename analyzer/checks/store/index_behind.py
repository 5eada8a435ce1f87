"""Index file is an older copy, an empty list or another file's text.

What it finds
    A `layers.json`, `images.json` or `containers.json` that is valid JSON and does not know what is there: an empty
    list `[]` beside data that only records made by an engine can have (`volatile-containers.json` too), or beside a
    directory of another name that has the data (`overlay-images.bak`); the rows of another index file; or a file that
    was written before the data it lacks, while the lock beside it dates a later write.

Why it matters
    The engine believes the file without a word. What it does not name is gone for every command, and the next garbage
    collection (CRI-O's start since 1.28, `podman system prune --external`) deletes the data that has no record: exactly
    what is to be restored.

How sure
    High for another file's rows, and for an empty list beside layers that are recorded and owned by nothing. Medium for
    an older file: engines write an index after the data it names, so data that is younger than the index tells of a
    write that is lost. A capture that keeps no times proves nothing, and nothing is claimed. A single object without a
    record that is older than the index was dropped by an engine: that is a leak, and other rules tell it.

Remedy
    Start nothing. Put the newest copy of the file back from a backup. Without one, pull the images again by name, which
    writes their records over the layers that are there; remove nothing before.

Engine source
    containers/storage images.go, layers.go, containers.go: load, saveFor; store.go: GarbageCollect. Restoring older
    files and saving `[]` were run with podman 4.3.1.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from analyzer.capture.aside import set_aside
from analyzer.capture.times import times_kept
from analyzer.checks.rule import CRITICAL, ERROR, HIGH, MEDIUM, Finding, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.store.index_emptied import named_without_record, ownerless_layers
from analyzer.checks.store.index_files import INDEXES, driver_directories, half_unseen, listed, unrecorded
from analyzer.snapshot.documents import Document
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.times import DAY, SECOND, format_time
from analyzer.words import plural

SLACK, UNTOLD = 60 * SECOND, 3_600 * SECOND
NO_TIME = DAY
"""Times of the first day of 1970 are what archives write when they keep none."""
OWN_FIELDS = {
    "containers": frozenset({"image"}),
    "images": frozenset({"digest", "names-history", "mapped-layers"}),
    "layers": frozenset({"parent", "diff-digest", "diff-size", "compression", "mountlabel"}),
}
"""Fields that only rows of one index file have (containers/storage layers.go, images.go, containers.go)."""


@rule(
    "STO-020",
    severity=ERROR,
    needs=(Need.INDEX, Need.WHOLE_ARCHIVE),
    says="{path} {seen}: no record is there of {what} with data; the next garbage collection deletes that data",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge each index file that loads; of the volatile ones that of containers, where it is an empty list."""
    for part, name in INDEXES:
        document = view.store.document(part, name)
        if document is None or document.empty or document.cut or document.broken:
            continue
        if name.startswith("volatile-"):
            if part == "containers" and not document.salvaged.rows and (lost := _lost_volatile(view)):
                yield _finding(view, this, part, document, lost, kind="emptied", seen="is an empty list")
        elif source := _rows_of(document, part):
            lost = unrecorded(view, part) | named_without_record(view, part, volatile=False)
            seen = f"holds the rows of {source}.json"
            yield _finding(view, this, part, document, lost, kind="foreign", seen=seen)
        elif not document.salvaged.rows:
            if lost := _lost_with_all_rows(view, part):
                yield _finding(view, this, part, document, lost, kind="emptied", seen="is an empty list")
        elif lost := _younger(view, part, document):
            when = format_time(document.file.member.mtime_ns)
            seen = f"was last written at {when}, before data that it lacks"
            yield _finding(view, this, part, document, lost, kind="older", seen=seen)


def _finding(
    view: StoreView, this: Rule, part: str, document: Document, lost: set[str], *, kind: str, seen: str
) -> Finding:
    layers = sorted(lost & view.rel.layers.keys()) if part != "layers" else []
    lost = lost - set(layers) or set(layers)
    facts: dict[str, Any] = {**listed(part, lost - set(layers)), **({"layers": layers} if layers else {})}
    return this.found(
        view.file(document.path),
        [(Where(document.path), f"records of {len(lost)} {part} more", f"it {seen}")],
        severity=CRITICAL if part == "layers" and kind != "older" else ERROR,
        confidence=MEDIUM if kind == "older" else HIGH,
        variant=kind,
        path=document.path,
        part=part,
        name=document.name,
        kind=kind,
        seen=seen,
        what=plural(len(lost), part.removesuffix("s")),
        missing=len(lost),
        directories=len(driver_directories(view, part, lost)),
        written_ns=document.file.member.mtime_ns,
        **facts,
    )


def _rows_of(document: Document, part: str) -> str:
    """Return the part whose rows a document holds, where it is another one; `""` otherwise."""
    votes: Counter[str] = Counter()
    for row in document.salvaged.rows:
        keys = set(row.value) if isinstance(row.value, dict) else set()
        if "image" in keys:
            votes["containers"] += 1
        else:
            votes[max(("images", "layers"), key=lambda each: len(keys & OWN_FIELDS[each]))] += bool(
                keys & (OWN_FIELDS["images"] | OWN_FIELDS["layers"])
            )
    found, count = max(votes.items(), key=lambda item: item[1], default=("", 0))
    return found if found != part and 2 * count > len(document.salvaged.rows) else ""


def _lost_with_all_rows(view: StoreView, part: str) -> set[str]:
    """Return what an empty list should name: data that no removal and no engine leaves behind."""
    if half_unseen(view, part) and part == "containers":
        return set()
    lost = unrecorded(view, part)
    if part == "layers":
        described = view.store.tar_splits.keys() | view.store.layer_files.keys()
        named = named_without_record(view, part, volatile=False)
        return lost | named if (lost & described) or (lost & named) else set()
    if part == "images":
        named = named_without_record(view, part, volatile=False)
        moved = set_aside(view.snapshot, view.store, part)
        if moved & named or (moved and _layers_without_image(view)):
            return lost | named | moved
        if len(named) > 1 or (named and _layers_without_image(view, used=False)):
            return lost | named
        return lost if lost & named or _layers_without_image(view) or _not_an_engines(view, part, []) else set()
    loose = ownerless_layers(view, volatile=False)
    if not loose:
        return set()
    known = lost | _known_to_podman(view)
    return known or ({layer.id for layer in loose} if _not_an_engines(view, part, loose) else set())


def _lost_volatile(view: StoreView) -> set[str]:
    """Return the containers that an empty volatile list should name; a removal leaves one of them at most."""
    lost = unrecorded(view, "containers")
    return lost if len(lost) > 1 and len(ownerless_layers(view, volatile=True)) > 1 else set()


def _not_an_engines(view: StoreView, part: str, loose: list[LayerRecord]) -> bool:
    """Tell whether an index was written well after the last write that its lock knows of, or long before it.

    Before it, a layer must have been made in between: some writes change nothing.
    """
    lock, document = view.store.locks.get(f"{part}.lock"), view.store.document(part, f"{part}.json")
    if lock is None or lock.written_ns is None or document is None or not times_kept(view.store):
        return False
    written = document.file.member.mtime_ns
    later = any((layer.created_ns or 0) > written + SLACK for layer in loose)
    return written - lock.written_ns > SLACK or (later and lock.written_ns - written > SLACK)


def _known_to_podman(view: StoreView) -> set[str]:
    """Return containers of podman's database that no store has a record of."""
    states = [state for state in view.store.libpod[:1] if state.whole]
    return {
        key
        for state in states
        for key, container in state.containers.items()
        if key not in view.rel.containers and not (container.rootfs or container.missing)
    }


def _layers_without_image(view: StoreView, *, used: bool = True) -> bool:
    """Tell whether a finished layer of an image is recorded and no image of any store goes through it.

    Args:
        view: the store.
        used: whether one counts that a container stands on.
    """
    rel = view.rel
    return any(
        bool(layer.diff_digest or layer.toc_digest)
        and layer.id not in rel.images_on
        and not layer.incomplete
        and (used or layer.id not in rel.containers_on)
        for layer in view.store.layers
    )


def _younger(view: StoreView, part: str, document: Document) -> set[str]:
    """Return ids without a record whose data was written after the index; of a container perhaps only its layer's.

    Where the lock dates no later write (it was restored too, or the bundle was read while the store changed), hours
    must lie between the two, and nothing older may be without a record.
    """
    written = document.file.member.mtime_ns
    if written < NO_TIME:
        return set()
    lock = view.store.locks.get(f"{part}.lock")
    told = lock is not None and lock.written_ns is not None and lock.written_ns - written > SLACK
    lost = unrecorded(view, part)
    late = {key for key in lost if _made(view, part, key) > written + (SLACK if told else UNTOLD)}
    if part == "containers" and told:
        late |= {
            layer.id for layer in ownerless_layers(view, volatile=False) if (layer.created_ns or 0) > written + SLACK
        }
    return late if told or len(late) == len(lost) else set()


def _made(view: StoreView, part: str, key: str) -> int:
    """Return when the first file of an object was written, in Unix nanoseconds; 0 where the bundle does not tell."""
    store = view.store
    if part == "layers":
        directory, split = store.home.layers.get(key), store.tar_splits.get(key)
        times = [directory.member.mtime_ns] if directory is not None and directory.member is not None else []
        times += [split.member.mtime_ns] if split is not None else []
        return max(times, default=0)
    files = (store.image_files if part == "images" else store.container_files).get(key, {})
    return min((file.member.mtime_ns for file in files.values()), default=0)
