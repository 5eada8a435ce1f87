"""Give every box of a scene a column and a row: a tidy forest, users on the left, base layers on the right.

Containers take the first column, images the second, layers those after; a box stands one column right of the
furthest box that needs it, and half way between the first and the last of them. Linear in boxes.
"""

from __future__ import annotations

import math

from analyzer.report.drawing.scene import Scene
from analyzer.report.model.objects import CONTAINER, IMAGE

GAP = 0.5


def arrange(scene: Scene) -> tuple[int, float]:
    """Set columns and rows; return how many of each are used."""
    boxes = scene.boxes
    above: dict[int, list[int]] = {}
    for index, box in enumerate(boxes):
        if box.needs >= 0:
            above.setdefault(box.needs, []).append(index)
    roots = [index for index, box in enumerate(boxes) if box.needs < 0]
    row = 0.0
    for root in roots:
        if row:
            row += GAP
        for index in _upwards(root, above):
            users = above.get(index, [])
            box = boxes[index]
            least = {CONTAINER: 0, IMAGE: 1}.get(box.kind, 2 if not users else 0)
            box.column = max([least, *(boxes[user].column + 1 for user in users)])
            if users:
                box.row = (boxes[users[0]].row + boxes[users[-1]].row) / 2
            else:
                box.row = row
                row += 1
    return _close_gaps(scene), row


def pack(scene: Scene, columns: int, rows: float, shape: float) -> tuple[int, float]:
    """Put an arranged forest's trees into bands side by side; return how many columns and rows are used.

    Args:
        scene: arranged.
        columns: what `arrange` returned.
        rows: likewise.
        shape: how many rows should be as long as one column is wide, times the wanted width over height.
    """
    bands = max(1, round(math.sqrt(rows * shape / (columns + 1))))
    limit = rows / bands
    place: dict[int, tuple[int, float]] = {}
    band, start, used = 0, 0.0, 0.0
    for root, (first, last) in _spans(scene).items():
        if last - start > limit and first > start:
            band, start = band + 1, first
        place[root] = (band * (columns + 1), start)
        used = max(used, last - start)
    for box, root in zip(scene.boxes, _roots(scene), strict=True):
        right, up = place[root]
        box.column += right
        box.row -= up
    return (band + 1) * (columns + 1) - 1, used


def _spans(scene: Scene) -> dict[int, tuple[float, float]]:
    """Return first and last row of every tree by its root, in row order."""
    spans: dict[int, tuple[float, float]] = {}
    for box, root in zip(scene.boxes, _roots(scene), strict=True):
        first, last = spans.get(root, (box.row, box.row + 1))
        spans[root] = (min(first, box.row), max(last, box.row + 1))
    return dict(sorted(spans.items(), key=lambda item: item[1]))


def _roots(scene: Scene) -> list[int]:
    """Return the root each box comes down to."""
    roots: dict[int, int] = {}
    for index in range(len(scene.boxes)):
        walk = [index]
        while walk[-1] not in roots and scene.boxes[walk[-1]].needs >= 0:
            walk.append(scene.boxes[walk[-1]].needs)
        end = roots.get(walk[-1], walk[-1])
        roots.update(dict.fromkeys(walk, end))
    return [roots[index] for index in range(len(scene.boxes))]


def _upwards(root: int, above: dict[int, list[int]]) -> list[int]:
    """Return a tree's boxes, each after everything that needs it, users in order."""
    order: list[int] = []
    todo = [root]
    while todo:
        index = todo.pop()
        order.append(index)
        todo.extend(above.get(index, ()))
    return order[::-1]


def _close_gaps(scene: Scene) -> int:
    """Move columns left over the ones that nothing stands in; return how many are left."""
    used = sorted({box.column for box in scene.boxes})
    place = {column: number for number, column in enumerate(used)}
    for box in scene.boxes:
        box.column = place[box.column]
    return len(used)
