"""Who needs some layers: ids for causes, words for messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from analyzer.checks.store_view import StoreView
from analyzer.words import totals

SHOWN = 3


class Users(NamedTuple):
    """Images and containers whose chain goes through some layers, ids sorted.

    `words` names them for a message, e.g. `2 images (a:1, b:2) and 1 container`, or `no image and no container`.
    """

    layers: list[str]
    images: list[str]
    containers: list[str]
    words: str

    def __bool__(self) -> bool:
        return bool(self.images or self.containers)

    @property
    def facts(self) -> dict[str, Any]:
        """Return the facts of a finding about these layers: `layer` is the first of them, `needed` are the words."""
        hit = {"images": self.images, "containers": self.containers, "needed": self.words}
        return {"layer": self.layers[0], "layers": self.layers, **hit}


def users_of(view: StoreView, layer_ids: Iterable[str]) -> Users:
    """Return who needs any of the layers."""
    ids = list(layer_ids)
    images, containers = sorted(view.rel.images_hit(ids)), sorted(view.rel.containers_hit(ids))
    parts = [part for part in (_images(view, images), totals((len(containers), "container"))) if part]
    return Users(ids, images, containers, " and ".join(parts) or "no image and no container")


def _images(view: StoreView, images: list[str]) -> str:
    names = sorted({name for image in images for name in (view.rel.images[image].names or (image[:12],))})
    shown = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
    return f"{totals((len(images), 'image'))} ({shown})" if images else ""
