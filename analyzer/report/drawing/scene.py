"""What to draw: boxes and the needs between them, with runs of unremarkable layers folded into one box.

Every box needs at most one other (its `needs`), so a scene is a forest whose roots are base layers; whatever does not
fit, a parent cycle or an id-mapped copy, is an extra edge.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from analyzer.checks.finding import RANK
from analyzer.report.model.objects import BROKEN, CONTAINER, FINE, HIT, IMAGE, LAYER, MISSING, Object, Objects
from analyzer.words import plural

FOLD, FILE, STORE = "fold", "file", "store"
SHORTEST_FOLD = 2
WARNING = RANK["warning"]


class Box(Struct):
    """One box.

    Attributes:
        kind: `container`, `image`, `layer`, `fold`, `file` or `store`.
        label, note: its two lines.
        state: word of `analyzer.report.model.objects`.
        members: numbers of the objects it stands for.
        needs: index of the box it stands on, -1 for none.
        column, row: place, set by the layout; columns count from the left.
        about: all there is to say of it, for its title; `""` for its label.
    """

    kind: str
    label: str
    note: str = ""
    state: str = FINE
    members: tuple[int, ...] = ()
    needs: int = -1
    column: int = 0
    row: float = 0.0
    about: str = ""


class Scene(Struct):
    """Boxes and extra edges (user, used, what it is) between their indexes."""

    boxes: list[Box] = field(default_factory=list)
    extra: list[tuple[int, int, str]] = field(default_factory=list)

    def add(self, box: Box) -> int:
        """Add a box and return its index."""
        self.boxes.append(box)
        return len(self.boxes) - 1

    def leads_back(self, box: int, target: int) -> bool:
        """Tell whether walking down from a box comes to another."""
        while box >= 0:
            if box == target:
                return True
            box = self.boxes[box].needs
        return False


class Sketch:
    """Turns a set of objects into a scene.

    Args:
        objects: all of them.
        shown: numbers of what gets drawn.
        kept: numbers of layers that must not be folded.
    """

    def __init__(self, objects: Objects, shown: Iterable[int], kept: Iterable[int] = ()) -> None:
        self.objects = objects
        self.shown = dict.fromkeys(shown)
        self.kept = set(kept)
        self.box_of: dict[int, int] = {}
        self.scene = Scene()
        self._above: dict[int, list[int]] = {}
        for number in self.shown:
            below = self._below(number)
            if below >= 0:
                self._above.setdefault(below, []).append(number)

    def draw(self) -> Scene:
        """Make the boxes, then tie them."""
        for number in self.shown:
            if number not in self.box_of:
                self._box(number)
        for number, index in self.box_of.items():
            box = self.scene.boxes[index]
            below = self.box_of.get(self._below(number), -1)
            if below in (-1, index) or box.needs == below:
                continue
            if box.needs == -1 and not self.scene.leads_back(below, index):
                box.needs = below
            else:
                self.scene.extra.append((index, below, "cycle"))
        for number, index in list(self.box_of.items()):
            for mapped in self.objects[number].mapped:
                if mapped in self.box_of:
                    self.scene.extra.append((index, self.box_of[mapped], "mapped"))
        return self.scene

    def _below(self, number: int) -> int:
        """Return what an object is drawn upon: a container on its image, or on its own layer where that is drawn."""
        item = self.objects[number]
        return item.layer if item.kind == CONTAINER and item.layer in self.shown else item.needs

    def _box(self, number: int) -> None:
        run = self._run(number) if self._folds(number) else [number]
        if len(run) < SHORTEST_FOLD:
            item = self.objects[number]
            self.box_of[number] = self.scene.add(Box(item.kind, item.label, note_of(item), item.state, (number,)))
            return
        hit = self.objects[run[0]].state
        index = self.scene.add(Box(FOLD, plural(len(run), "layer"), "folded", hit, tuple(run)))
        self.box_of.update((member, index) for member in run)

    def _folds(self, number: int) -> bool:
        item = self.objects[number]
        if item.kind != LAYER or number in self.kept or item.worst >= WARNING or item.state not in (FINE, HIT):
            return False
        above = self._above.get(number, [])
        return len(above) == 1 and self.objects[above[0]].kind == LAYER

    def _run(self, number: int) -> list[int]:
        """Return the whole run of foldable layers of one state around one of them, topmost first."""
        state = self.objects[number].state
        top = number
        seen = {number}
        while self._joins(self._up(top), state) and self._up(top) not in seen:
            top = self._up(top)
            seen.add(top)
        run = [top]
        while self._joins(self._down(run[-1]), state) and self._down(run[-1]) != top:
            run.append(self._down(run[-1]))
        return run

    def _joins(self, number: int, state: str) -> bool:
        return number >= 0 and self._folds(number) and self.objects[number].state == state

    def _up(self, number: int) -> int:
        return self._above[number][0] if len(self._above.get(number, ())) == 1 else -1

    def _down(self, number: int) -> int:
        below = self.objects[number].needs
        return below if below in self.shown else -1


def note_of(item: Object) -> str:
    """Return the second line of a box: what is wrong in few words, else its short id."""
    if item.where is None:
        return "no record, directory there" if item.path else "no record"
    worst = {BROKEN: "at fault", MISSING: "no record"}.get(item.state, "")
    short = item.id[:12] if item.names else ""
    more = f"+{len(item.names) - 1} names" if item.kind == IMAGE and len(item.names) > 1 else ""
    return " · ".join(filter(None, (short, more, worst)))
