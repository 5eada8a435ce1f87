"""What a removal would free and break, as a value that shows itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from analyzer.api.frame import Frame
from analyzer.api.objects import find_one
from analyzer.errors import UsageError
from analyzer.graph.removal import Gone, removal
from analyzer.report.encode.text import inert
from analyzer.report.views.cells import preformatted
from analyzer.report.views.records import size_text
from analyzer.snapshot.frames import frame
from analyzer.words import one, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analyzer.api.report import Report
    from analyzer.graph.removal import Freed, RemovalImpact

FREED = {"kind": "string", "id": "string", "name": "string", "bytes": "Int64"}
BREAKS = {"kind": "string", "id": "string", "name": "string", "because": "string"}
PARTS = {"image": "images", "container": "containers", "layer": "layers"}
SHOWN = 10


class Simulation:
    """What would go and what would break.

    Attributes:
        bytes: bytes freed, as far as sizes are known.
        unknown: how many of the things that go are of unknown size.
    """

    def __init__(self, freed: list[Freed], broken: list[RemovalImpact]) -> None:
        self._freed = freed
        self._broken = broken
        self.bytes: int = sum(item.bytes or 0 for item in freed)
        self.unknown: int = sum(item.bytes is None for item in freed)

    @property
    def freed(self) -> Frame:
        """Return one row per image record, container record and layer that goes; `bytes` is its own."""
        return Frame(frame(map(asdict, self._freed), FREED))

    @property
    def breaks(self) -> Frame:
        """Return one row per image and container that stays and cannot do without what goes."""
        return Frame(frame(map(asdict, self._broken), BREAKS))

    def __repr__(self) -> str:
        return "\n".join(inert(line) for line in self._lines())

    def _repr_html_(self) -> str:
        return preformatted(repr(self))

    def _lines(self) -> Iterator[str]:
        unknown = f", and {plural(self.unknown, 'thing')} of unknown size" if self.unknown else ""
        counts = [plural(n, k) for k in PARTS if (n := sum(item.kind == k for item in self._freed))]
        what = ", ".join(counts) or "nothing"
        yield f"frees {size_text(self.bytes)} ({self.bytes} bytes){unknown}: {what}"
        if not self._broken:
            yield "breaks nothing"
            return
        yield f"breaks {plural(len(self._broken), 'thing')}:"
        for item in self._broken[:SHOWN]:
            yield f"  {item.kind} {item.name or item.id[:12]}: {item.because}"
        if len(self._broken) > SHOWN:
            yield f"  and {len(self._broken) - SHOWN} more: .breaks"


def simulate(report: Report, remove: Iterable[str]) -> Simulation:
    """Return what removing the objects that the words mean would do, all of them together.

    Raises:
        UsageError: a word means nothing here, several objects, or a pod.
    """
    words = [remove] if isinstance(remove, str) else list(remove)
    named: list[dict[str, set[str]]] = [{part: set() for part in PARTS.values()} for _ in report.relations]
    for word in words:
        found = find_one(report, word)
        if found.kind not in PARTS:
            raise UsageError(f"{word!r} is {one(found.kind)}; name its containers", where=report.snapshot.bundle.path)
        number = next(n for n, rel in enumerate(report.relations) if rel is found.rel)
        named[number][PARTS[found.kind]].add(found.id)
    freed: list[Any] = []
    broken: list[Any] = []
    for rel, ids in zip(report.relations, named, strict=True):
        if any(ids.values()):
            goes, breaks = removal(report.snapshot, rel, Gone(**{part: frozenset(i) for part, i in ids.items()}))
            freed += goes
            broken += breaks
    return Simulation(freed, broken)
