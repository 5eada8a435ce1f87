"""Give every box of a scene a column and a row: a tidy forest, users on the left, base layers on the right.

Containers take the first column, images the second, layers those after; a box stands one column right of the
furthest box that needs it, and half way between the first and the last of them. Linear in boxes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report.objects import CONTAINER, IMAGE

if TYPE_CHECKING:
    from analyzer.report.scene import Scene

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
    columns = 0
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
            columns = max(columns, box.column + 1)
    _close_gaps(scene)
    return columns, row


def _upwards(root: int, above: dict[int, list[int]]) -> list[int]:
    """Return a tree's boxes, each after everything that needs it, users in order."""
    order: list[int] = []
    todo = [root]
    while todo:
        index = todo.pop()
        order.append(index)
        todo.extend(above.get(index, ()))
    return order[::-1]


def _close_gaps(scene: Scene) -> None:
    """Move columns left over the ones that nothing stands in."""
    used = sorted({box.column for box in scene.boxes})
    place = {column: number for number, column in enumerate(used)}
    for box in scene.boxes:
        box.column = place[box.column]
