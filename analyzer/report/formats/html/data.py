"""The data block that the page's script reads: objects in columns, their raw records, and the drawing of the store."""

from __future__ import annotations

import json
from typing import Any

from analyzer.report.drawing.layout import arrange, pack
from analyzer.report.drawing.scene import Scene, Sketch
from analyzer.report.drawing.svg import ACROSS, DOWN, ICONS
from analyzer.report.encode.json import json_shown
from analyzer.report.encode.text import CONTROL
from analyzer.report.formats.html.evidence import further_findings
from analyzer.report.model.analysis import Analysis
from analyzer.report.model.objects import CONTAINER, FINE, HIT, Objects
from analyzer.report.words import STATES

RAW_LIMIT = 16 << 20
SHAPE = 1.7 * DOWN / ACROSS
SAFE_INTEGER = (1 << 53) - 1
KINDS = tuple(ICONS)


def page_data(report: Analysis, objects: Objects) -> dict[str, Any]:
    """Return the block; strings repeat as indexes, so that twenty thousand layers stay a few megabytes."""
    return {
        "kinds": KINDS,
        "states": [[name, word] for name, word in STATES.items()],
        "icons": [ICONS[kind] for kind in KINDS],
        "objects": _objects(objects),
        "raw": _Raw(report, objects).rows(),
        "findings": further_findings(report, objects),
        "scene": _scene(whole_store(objects)),
    }


def whole_store(objects: Objects) -> Scene:
    """Return the scene of everything; a container's own layer is left out where there is nothing to tell of it."""
    quiet = {item.layer for item in objects.items if item.kind == CONTAINER and _quiet(objects, item.layer)}
    return Sketch(objects, [item.number for item in objects.items if item.number not in quiet]).draw()


def _quiet(objects: Objects, layer: int) -> bool:
    if layer < 0:
        return False
    item = objects[layer]
    return item.state in (FINE, HIT) and not item.findings and len(objects.users.get(layer, ())) == 1


def _objects(objects: Objects) -> dict[str, Any]:
    strings = _Strings()
    states = list(STATES)
    rows = [
        [
            KINDS.index(item.kind),
            item.id,
            list(item.names),
            strings.number(item.store),
            _split(item.path, item.id, strings),
            [strings.number(item.where.path), item.where.pointer, item.where.offset] if item.where else 0,
            item.link,
            item.needs,
            item.layer,
            list(item.mapped),
            " ".join(item.findings),
            states.index(item.state),
        ]
        for item in objects.items
    ]
    return {"rows": rows, "strings": strings.every}


class _Strings:
    """Strings by number, in order of first use."""

    def __init__(self) -> None:
        self.every: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = len(self.every)
            self.every.append(text)
        return self._numbers[text]


def _split(path: str, object_id: str, strings: _Strings) -> int | str:
    """Return a path as the number of what stands before the id, or as it is where it does not end with the id."""
    return strings.number(path.removesuffix(object_id)) if object_id and path.endswith(object_id) else path


class _Raw:
    """Records as found, keys once a shape and ids of known objects as `[number]`, up to sixteen megabytes."""

    def __init__(self, report: Analysis, objects: Objects) -> None:
        self.report = report
        self.objects = objects
        self.shapes: dict[tuple[str, ...], int] = {}
        self.by_id: dict[str, int] = {}
        for item in objects.items:
            self.by_id.setdefault(item.id, item.number)

    def rows(self) -> dict[str, Any]:
        found: dict[int, Any] = {}
        left = RAW_LIMIT
        values = self._values()
        for item in sorted(self.objects.items, key=lambda o: (o.state == FINE, o.number)):
            value = values.get((item.where.path, item.where.pointer)) if item.where else None
            if value is None:
                continue
            row = self._row(value)
            left -= len(json.dumps(row, separators=(",", ":")))
            if left < 0:
                break
            found[item.number] = row
        shapes = [list(shape) for shape in self.shapes]
        return {"shapes": shapes, "rows": [found.get(n, 0) for n in range(len(self.objects))]}

    def _values(self) -> dict[tuple[str, str], Any]:
        return {
            (document.path, row.pointer): row.value
            for store in self.report.snapshot.stores
            for document in store.documents.values()
            for row in document.salvaged.rows
        }

    def _row(self, value: Any) -> Any:
        """Return a plain record as its shape and values, anything a script would not show as it is as lines of text."""
        if not isinstance(value, dict) or not _plain(value):
            return {"text": json_shown(value).split("\n")}
        shape = self.shapes.setdefault(tuple(value), len(self.shapes))
        return [shape, *(self._value(each) for each in value.values())]

    def _value(self, value: Any) -> Any:
        if isinstance(value, str) and value in self.by_id:
            return [self.by_id[value]]
        return {"j": value} if isinstance(value, dict | list) else value


def _plain(value: Any) -> bool:
    """Tell whether a script reads back exactly this value, and it is safe to look at."""
    if isinstance(value, str):
        return value.isprintable() and not CONTROL.search(value)
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int):
        return abs(value) <= SAFE_INTEGER
    if isinstance(value, dict):
        return all(_plain(key) and not key.isdigit() and _plain(each) for key, each in value.items())
    if isinstance(value, list):
        return all(map(_plain, value))
    return False


def _scene(scene: Scene) -> dict[str, Any]:
    """Return boxes in columns; rows are counted in halves."""
    columns, rows = pack(scene, *arrange(scene), SHAPE)
    states = list(STATES)
    return {
        "columns": columns,
        "rows": rows,
        "boxes": [
            [
                KINDS.index(box.kind),
                box.column,
                round(box.row * 2, 3),
                box.needs,
                states.index(box.state),
                box.members[0] if len(box.members) == 1 else list(box.members),
                box.note,
            ]
            for box in scene.boxes
        ],
        "extra": [list(edge) for edge in scene.extra],
    }
