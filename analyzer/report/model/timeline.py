"""Times that the bundle states, counted in equal steps: when records were made, and files and locks last written."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from analyzer.outlook.timeline import SANE_NS
from analyzer.outlook.timeline import timeline as dated
from analyzer.report.model.analysis import Analysis

STEPS = 120
DAMAGE = "damage"
LANES = (
    (DAMAGE, "damage shows in"),
    ("image", "images, as recorded"),
    ("layer", "layers made"),
    ("container", "containers made"),
    ("file", "index files written"),
    ("lock", "write locks taken"),
)


class Moment(Struct, frozen=True):
    """One time: its lane, Unix nanoseconds, and what it is the time of."""

    lane: str
    ns: int
    what: str


class Lane(Struct, frozen=True):
    """Times of one kind: what falls in each step, and how many lie before the strip begins or state no usable time."""

    name: str
    label: str
    steps: tuple[tuple[int, tuple[Moment, ...]], ...]
    before: int
    unknown: int

    @property
    def count(self) -> int:
        """Return how many times are in the strip."""
        return sum(len(moments) for _, moments in self.steps)


class Strip(Struct, frozen=True):
    """The time line from `start` to `end` (Unix nanoseconds).

    `newest` is the latest change of a store entry or of a damaged file, `damage` the first time at which damage shows,
    None for none.
    """

    start: int
    end: int
    newest: int
    lanes: tuple[Lane, ...]
    damage: Moment | None = None


def timeline(report: Analysis) -> Strip | None:
    """Return the strip, None where the bundle states no time.

    It begins with the oldest layer, container, file or lock: images keep the date they were built at, which may be
    years before, so older ones are only counted.
    """
    line = dated(report.snapshot, report.findings)
    moments: dict[str, list[Moment]] = {name: [] for name, _ in LANES}
    unknown = dict.fromkeys(moments, 0)
    for lane, ns, what in _times(report):
        if ns is None or not SANE_NS[0] <= ns <= SANE_NS[1]:
            unknown[lane] += 1
        else:
            moments[lane].append(Moment(lane, ns, what))
    moments[DAMAGE] = [Moment(DAMAGE, e.ns, " ".join(filter(None, (e.path, e.event)))) for e in line.events if e.bad]
    own = [m.ns for lane in moments.values() for m in lane if m.lane != "image"]
    every = own or [m.ns for m in moments["image"]]
    if not every:
        return None
    start, end = min(every), max(every)
    newest = line.newest_ns
    if SANE_NS[0] <= newest <= SANE_NS[1]:
        end = max(end, newest)
    lanes = tuple(_lane(name, label, moments[name], unknown[name], start, end) for name, label in LANES)
    first = line.events[line.first_bad] if line.first_bad >= 0 else None
    damage = Moment(DAMAGE, first.ns, " ".join(filter(None, (first.path, first.event)))) if first is not None else None
    return Strip(start, end, newest, lanes, damage)


def _lane(name: str, label: str, moments: list[Moment], unknown: int, start: int, end: int) -> Lane:
    span = max(end - start, 1)
    steps: dict[int, list[Moment]] = {}
    outside = 0
    for moment in sorted(moments, key=lambda m: (m.ns, m.what)):
        if not start <= moment.ns <= end:
            outside += 1
            continue
        steps.setdefault(min((moment.ns - start) * STEPS // span, STEPS - 1), []).append(moment)
    return Lane(name, label, tuple((step, tuple(some)) for step, some in sorted(steps.items())), outside, unknown)


def _times(report: Analysis) -> Iterator[tuple[str, int | None, str]]:
    for store in report.snapshot.stores:
        for image in store.images:
            yield "image", image.created_ns, f"image {image.names[0] if image.names else image.id[:12]}"
        for layer in store.layers:
            yield "layer", layer.created_ns, f"layer {layer.id[:12]}"
        for container in store.containers:
            yield "container", container.created_ns, f"container {container.name or container.id[:12]}"
        for document in store.documents.values():
            yield "file", document.file.member.mtime_ns, document.path
        for lock in store.locks.values():
            if lock.written_ns is not None:
                by = f" by process {lock.pid}" if lock.pid else ""
                yield "lock", lock.written_ns, f"{lock.file.path}{by}"
