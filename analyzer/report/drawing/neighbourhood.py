"""The part of the graph that one cause is about: who is hit, the way down to the break, healthy siblings folded."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.causes.model import Cause
from analyzer.report.drawing.scene import FILE, FOLD, STORE, Box, Scene, Sketch
from analyzer.report.model.objects import BROKEN, CONTAINER, FINE, HIT, IMAGE, LAYER, Object, Objects
from analyzer.words import plural

SUBJECTS, USERS = 4, 6
LISTED = 200


def neighbourhood(cause: Cause, objects: Objects) -> Scene:
    """Return the scene of a cause: at most some 60 boxes, however large the store."""
    subjects = cause.hypothesis.subjects
    items = [item for item in map(objects.of, subjects) if item is not None]
    if not items:
        return _file_scene(cause, objects)
    broken = list(dict.fromkeys(item.number for item in items))[:SUBJECTS]
    users = _users(cause, objects, broken)
    shown: dict[int, None] = {}
    for number in (*users, *broken):
        shown.update(dict.fromkeys(_way_down(objects, number, broken)))
    sketch = Sketch(objects, shown, kept=broken)
    scene = sketch.draw()
    _fold_others(sketch, cause, objects)
    if len(items) > len(broken):
        scene.add(Box(FOLD, f"{len(items) - len(broken)} more at fault", "the same way", BROKEN))
    return scene


def _users(cause: Cause, objects: Objects, broken: list[int]) -> list[int]:
    """Return containers and images to draw: those hit that come down to what is drawn, containers first."""
    hit = cause.hypothesis.affected
    wanted = set(broken)
    chosen: dict[int, None] = {}
    for kind, ids in ((CONTAINER, hit.containers), (IMAGE, hit.images)):
        for object_id in ids:
            if sum(objects[n].kind == kind for n in chosen) >= USERS:
                break
            item = objects.find(kind, object_id)
            if item is None or item.number in chosen or not wanted & set(_way_down(objects, item.number, broken)):
                continue
            chosen.update(dict.fromkeys(n for n in objects.chain(item.number) if objects[n].kind != LAYER))
    return list(chosen)


def _way_down(objects: Objects, number: int, broken: list[int]) -> list[int]:
    """Return an object and what it stands on, by the way that meets the break where there are two."""
    item = objects[number]
    ways = [item.needs, *item.mapped] if item.kind == IMAGE else [item.needs, item.layer]
    chains = [[number, *objects.chain(way)] for way in ways if way >= 0] or [[number]]
    return next((chain for chain in chains if set(broken) & set(chain)), chains[0])


def _fold_others(sketch: Sketch, cause: Cause, objects: Objects) -> None:
    """Add one box for what else stands on each drawn box, apart for what is hit and what is not."""
    hit = cause.hypothesis.affected
    ids = {
        (kind, i)
        for kind, some in ((LAYER, hit.layers), (IMAGE, hit.images), (CONTAINER, hit.containers))
        for i in some
    }
    for index in sorted(set(sketch.box_of.values())):
        for members, state in _split(_others(sketch, objects, index), objects, ids):
            sketch.scene.add(Box(FOLD, *_counted(members, objects, state), state, tuple(members[:LISTED]), index))


def _others(sketch: Sketch, objects: Objects, index: int) -> list[int]:
    """Return everything that stands on a box by a way that is not drawn, in list order."""
    drawn = {*sketch.shown, *(objects[n].layer for n in sketch.shown if objects[n].kind == CONTAINER)}
    todo = [user for member in sketch.scene.boxes[index].members for user in objects.users.get(member, ())]
    found: dict[int, None] = {}
    while todo:
        number = todo.pop()
        if number not in found and number not in drawn:
            found[number] = None
            todo.extend(objects.users.get(number, ()))
    return sorted(found)


def _split(numbers: list[int], objects: Objects, hit: set[tuple[str, str]]) -> Iterable[tuple[list[int], str]]:
    for state, members in (
        (HIT, [n for n in numbers if (objects[n].kind, objects[n].id) in hit]),
        (FINE, [n for n in numbers if (objects[n].kind, objects[n].id) not in hit]),
    ):
        if members:
            yield members, state


def _counted(numbers: list[int], objects: Objects, state: str) -> tuple[str, str]:
    """Return the two lines of a fold: images and containers where there are any, else layers."""
    own = {objects[n].layer for n in numbers if objects[n].kind == CONTAINER}
    parts = [
        plural(count, kind)
        for kind in (IMAGE, CONTAINER, LAYER)
        if (count := sum(objects[n].kind == kind and n not in own for n in numbers))
    ]
    first, *rest = parts or [plural(len(numbers), LAYER)]
    noted = sum(bool(objects[n].findings) for n in numbers)
    if noted and state != HIT:
        rest.append(f"{noted} with findings")
    return f"{first}, {'hit too' if state == HIT else 'not hit'}", ", ".join(rest) or "folded"


def _file_scene(cause: Cause, objects: Objects) -> Scene:
    """Return the scene of a cause about files or the whole store: each with what is hit."""
    scene = Scene()
    for subject in cause.hypothesis.subjects[:SUBJECTS]:
        scene.add(Box(STORE if subject.kind == "store" else FILE, subject.path, subject.kind, BROKEN))
    hit = cause.hypothesis.affected
    for kind, ids in ((IMAGE, hit.images), (CONTAINER, hit.containers), (LAYER, hit.layers)):
        found = [item for item in (objects.find(kind, i) for i in ids) if item is not None]
        _hang(scene, kind, found, len(ids) - len(found))
    return scene


def _hang(scene: Scene, kind: str, items: list[Object], unknown: int) -> None:
    """Hang what is hit on the first file: the first few one by one (layers never), the rest in a fold."""
    shown = items[:USERS] if kind != LAYER else []
    for item in shown:
        scene.add(Box(kind, item.label, item.id[:12] if item.names else "", item.state, (item.number,), 0))
    rest = items[len(shown) :]
    count = len(rest) + unknown
    if count:
        label = f"{count} more {kind}s" if shown else plural(count, kind)
        scene.add(Box(FOLD, label, "hit as well", HIT, tuple(item.number for item in rest[:LISTED]), 0))
