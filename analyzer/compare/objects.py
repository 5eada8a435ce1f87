"""Changes put together by the object they belong to, so that an object that vanished by halves is seen as that."""

from __future__ import annotations

from msgspec import Struct

from analyzer.compare.model import (
    CONTAINER,
    CONTAINER_DATA,
    DIFFERENT,
    DIRECTORY,
    FILE,
    IMAGE,
    IMAGE_DATA,
    LAYER,
    LAYER_DATA,
    LINK,
    NAME,
    STATES,
    Change,
    Comparison,
)

OBJECT_OF = {
    IMAGE: IMAGE,
    NAME: IMAGE,
    IMAGE_DATA: IMAGE,
    LAYER: LAYER,
    DIRECTORY: LAYER,
    LINK: LAYER,
    LAYER_DATA: LAYER,
    FILE: LAYER,
    CONTAINER: CONTAINER,
    CONTAINER_DATA: CONTAINER,
}
OBJECTS = (IMAGE, LAYER, CONTAINER)


class Changed(Struct, frozen=True):
    """One image, layer or container that is not the same in both captures.

    Attributes:
        kind: `image`, `layer` or `container`.
        id: its full id, the text of a short link that leads to no layer.
        name: what people call it.
        state: `gone` or `new` where nothing of it is in one capture, else `changed`.
        changes: everything of it by state, the parts that are the same included.
    """

    kind: str
    id: str
    name: str
    state: str
    changes: dict[str, tuple[Change, ...]]


def changed_objects(comparison: Comparison) -> list[Changed]:
    """Return objects of which something differs, by kind, state and name."""
    parts: dict[tuple[str, str], list[Change]] = {}
    for change in comparison.changes:
        kind = OBJECT_OF.get(change.kind)
        if kind is not None:
            parts.setdefault((kind, change.item.owner or change.item.key), []).append(change)
    found = [
        _changed(*key, changes) for key, changes in parts.items() if any(each.state in DIFFERENT for each in changes)
    ]
    return sorted(found, key=lambda o: (OBJECTS.index(o.kind), STATES.index(o.state), o.name, o.id))


def _changed(kind: str, object_id: str, changes: list[Change]) -> Changed:
    states = {change.state for change in changes}
    state = next(iter(states)) if len(states) == 1 else "changed"
    name = next((change.item.name for change in changes if change.item.name), "")
    return Changed(kind, object_id, name, state, {s: tuple(c for c in changes if c.state == s) for s in STATES})
