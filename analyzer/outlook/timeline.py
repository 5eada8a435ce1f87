"""What happened on a node, in one order: records made, files and locks written, logs, and where damage begins.

A time is what some file states of itself. Records and locks are written by engines; the time of a file is that of its
last change, unless a copy or a clock changed it. The time of an image is that of its build.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from analyzer.checks.finding import ERROR, Finding
from analyzer.signatures.match import known_in_line
from analyzer.snapshot.logs import log_lines
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.snapshot.store import Store
from analyzer.snapshot.times import SECOND

SANE_NS = (946_684_800 * SECOND, 4_102_444_800 * SECOND)
MAKING = 60 * SECOND
"""Within this time of a layer's record its files count as written with it."""
LOG_EVENTS = 2_000
INDEX = ("STO-", "LAY-001", "LAY-002", "LAY-004", "IMG-016", "CTR-001", "CTR-002")
IMAGE_DATA, CONTAINER_DATA, LAYER_DATA = ("IMG-",), ("CTR-",), ("LAY-010", "LAY-011")
DESCRIPTION = ("TSP-001", "TSP-002", "TSP-003", "TSP-004", "TSP-005")
LINKS = ("OVL-",)
CONTENT = ("TSP-", "OVL-016", "OVL-022", "OVL-023", "OVL-024")
"""Rules that call a file of each kind damaged; others only read in it what is expected of something else."""
MARKERS = ("clean.shutdown", "clean.shutdown.supported", "crio-wipe-done", "version")
LANDMARKS = (
    ("-- Reboot --", "reboot"),
    ("-- Boot ", "boot"),
    ("kernel: Linux version ", "boot"),
    ("Linux version ", "boot"),
    ("Started Container Runtime Interface for OCI", "CRI-O started"),
    ("Stopped Container Runtime Interface for OCI", "CRI-O stopped"),
    ("Stopping Container Runtime Interface for OCI", "CRI-O stops"),
    ("Starting CRI-O, version", "CRI-O starts"),
)


class Event(Struct, frozen=True):
    """One moment.

    Attributes:
        ns: Unix nanoseconds.
        kind: `image`, `layer`, `container`, `file`, `directory`, `lock`, `marker` or `log`.
        event: what happened, in a few words.
        id: full id of the object, `""` for none.
        name: what people call it, `""` for nothing.
        path: member path that states the time.
        line: line of a log, 0 elsewhere.
        findings: findings about what the event is the time of, those at `error` or above first.
        bad: whether damage shows in it.
        behaviour: id of the known message in a line of a log, `""` for none.
        zoned: whether the time zone is known.
    """

    ns: int
    kind: str
    event: str
    id: str = ""
    name: str = ""
    path: str = ""
    line: int = 0
    findings: tuple[Finding, ...] = ()
    bad: bool = False
    behaviour: str = ""
    zoned: bool = True


class Timeline(Struct, frozen=True):
    """Events in order.

    Attributes:
        events: oldest first.
        first_bad: index of the first bad event, -1 where no time of damage is known.
        undated: how many stated no usable time.
        newest_ns: latest change of a store entry, or of a layer's file in which damage shows: the capture was not
            before it.
    """

    events: tuple[Event, ...]
    first_bad: int
    undated: int
    newest_ns: int


def timeline(snapshot: BundleSnapshot, findings: Iterable[Finding]) -> Timeline:
    """Return the time line of a bundle; pure, linear in records, damaged files and lines of logs."""
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        for path in {finding.subject.path, *(evidence.where.path for evidence in finding.evidence)}:
            by_path.setdefault(path, []).append(finding)
    events: list[Event] = []
    undated = 0
    seen: set[tuple[str, str]] = set()
    for each in _all(snapshot, by_path):
        if (each.event, each.path) in seen and each.kind in ("file", "directory"):
            continue
        seen.add((each.event, each.path))
        if SANE_NS[0] <= each.ns <= SANE_NS[1]:
            events.append(each)
        else:
            undated += 1
    events.sort(key=lambda e: (e.ns, e.kind, e.path, e.line, e.id))
    first = next((number for number, event in enumerate(events) if event.bad), -1)
    newest = max([snapshot.newest_ns, *(event.ns for event in events if event.bad and event.kind == "file")])
    return Timeline(tuple(events), first, undated, newest)


def _all(snapshot: BundleSnapshot, by_path: dict[str, list[Finding]]) -> Iterator[Event]:
    for store in snapshot.stores:
        yield from _records(store)
        for document in store.documents.values():
            yield _file(document.file, "index written", by_path, INDEX)
        for lock in store.locks.values():
            if lock.written_ns is not None:
                by = f"process {lock.pid}" if lock.pid else ""
                yield Event(lock.written_ns, "lock", "write lock taken", name=by, path=lock.file.path)
        yield from _damaged(store, by_path)
    for path, file in sorted(snapshot.host.files.items()):
        if path.rpartition("/")[2] in MARKERS:
            yield Event(file.member.mtime_ns, "marker", "marker written", path=path)
    for path, file in sorted(snapshot.host.logs.items()):
        yield from _log(path, file, snapshot.newest_ns)


def _records(store: Store) -> Iterator[Event]:
    for image in store.images:
        name = image.names[0] if image.names else ""
        where = image.where.path
        if image.created_ns is not None:
            yield Event(image.created_ns, "image", "built, says its record", image.id, name, where)
        manifest = store.image_blob(image.id, "manifest")
        if manifest is not None:
            yield Event(
                manifest.member.mtime_ns, "image", "stored: its manifest was written", image.id, name, manifest.path
            )
    for layer in store.layers:
        if layer.created_ns is not None:
            yield Event(layer.created_ns, "layer", "made", layer.id, path=layer.where.path)
    for container in store.containers:
        if container.created_ns is not None:
            yield Event(container.created_ns, "container", "made", container.id, container.name, container.where.path)


def _damaged(store: Store, by_path: dict[str, list[Finding]]) -> Iterator[Event]:
    """Yield when damaged files, and directories that lack something, were last changed."""
    made = {layer.id: layer.created_ns for layer in store.layers}
    for file, rules, layer_id in _small_files(store):
        if any(finding.rule.startswith(rules) for finding in by_path.get(file.path, ())):
            yield _file(file, _written(file, made.get(layer_id)), by_path, rules)
    yield from _changed_content(store, by_path)
    lost = [finding for path, found in by_path.items() for finding in found if path.startswith(store.home.path + "/")]
    for member, words, rules in (
        (store.home.member, "a layer directory was last added or removed", ("OVL-012",)),
        (store.home.link_dir, "a short link was last added or removed", ("OVL-002", "OVL-006")),
    ):
        why = tuple(dict.fromkeys(finding for finding in lost if finding.rule in rules))
        if member is not None and why:
            yield Event(member.mtime_ns, "directory", words, path=member.path, findings=_ordered(why), bad=_is_bad(why))


def _written(file: SmallFile, made_ns: int | None) -> str:
    """Return what the time of a damaged file means: what decays on a disk keeps the time of its own writing."""
    if made_ns is not None and abs(file.member.mtime_ns - made_ns) <= MAKING:
        return "written with its layer; damaged then or later"
    return "last written"


def _changed_content(store: Store, by_path: dict[str, list[Finding]]) -> Iterator[Event]:
    """Yield damaged files of layers that were changed after their layer was made; others keep the time of the image."""
    made = {layer.id: layer.created_ns for layer in store.layers}
    home = store.home.path + "/"
    for path in by_path:
        name = path[len(home) :].partition("/")[0] if path.startswith(home) else ""
        directory, since = store.home.layers.get(name), made.get(name)
        for table in directory.tables.values() if directory is not None and since is not None else ():
            prefix = table.path + "/"
            entry = table.get(path[len(prefix) :]) if path.startswith(prefix) else None
            if entry is not None and since is not None and entry.mtime_ns > since + SECOND:
                yield _event(entry.mtime_ns, "changed after its layer was made", path, name, by_path, CONTENT)


def _small_files(store: Store) -> Iterator[tuple[SmallFile, tuple[str, ...], str]]:
    """Yield files with the rules that call them damaged and, for those of layers, the layer's id."""
    for tree, rules in (
        (store.image_files, IMAGE_DATA),
        (store.container_files, CONTAINER_DATA),
        (store.layer_files, LAYER_DATA),
    ):
        of_layers = tree is store.layer_files
        yield from ((file, rules, key if of_layers else "") for key, files in tree.items() for file in files.values())
    yield from ((file, DESCRIPTION, layer_id) for layer_id, file in store.tar_splits.items())
    for name, directory in store.home.layers.items():
        yield from ((file, LINKS, name) for file in directory.small_files)


def _file(file: SmallFile, words: str, by_path: dict[str, list[Finding]], rules: tuple[str, ...]) -> Event:
    return _event(file.member.mtime_ns, words, file.path, "", by_path, rules)


def _event(
    ns: int, words: str, path: str, object_id: str, by_path: dict[str, list[Finding]], rules: tuple[str, ...]
) -> Event:
    found = tuple(finding for finding in by_path.get(path, ()) if finding.rule.startswith(rules))
    return Event(ns, "file", words, object_id, path=path, findings=_ordered(found), bad=_is_bad(found))


def _ordered(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.order))


def _is_bad(findings: Iterable[Finding]) -> bool:
    return any(finding.is_at_least(ERROR) for finding in findings)


def _log(path: str, file: SmallFile, newest_ns: int) -> Iterator[Event]:
    """Yield boots, starts and known messages of a log; a message counts as bad where only its fault prints it."""
    last: int | None = None
    count = 0
    for line in log_lines(file, newest_ns):
        last = line.ns if line.ns is not None else last
        if last is None or count >= LOG_EVENTS:
            continue
        landmark = next((word for text, word in LANDMARKS if text in line.text), "")
        if landmark:
            count += 1
            yield Event(last, "log", landmark, path=path, line=line.number, zoned=line.zoned)
            continue
        found = known_in_line(line.text)
        if found is not None:
            count += 1
            yield Event(
                last,
                "log",
                found.behaviour.title,
                name=found.excerpt,
                path=path,
                line=line.number,
                bad=found.message.specific,
                behaviour=found.behaviour.id,
                zoned=line.zoned,
            )
