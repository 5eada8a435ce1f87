"""What an engine says when it adds up the sizes of an image's layers, known for every layer after one walk.

Mirrors containers/storage store.go (ImageSize walks from the top layer down) as containers/image asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.snapshot.layers import LayerRecord

LOOP = "never returns: the parents of its layers form a circle"


class ChainErrors:
    """The first error on the way down from each layer; records must not change while it is in use.

    Args:
        layers: every layer record the engine knows, by id.
    """

    def __init__(self, layers: Mapping[str, LayerRecord]) -> None:
        self._layers = layers
        self._known: dict[str, tuple[str, str] | None] = {"": None}

    def below(self, top: str) -> tuple[str, str] | None:
        """Return (error, layer id) of the walk from a top layer, None when it ends well."""
        known = self._known
        walk: list[str] = []
        places: dict[str, int] = {}
        node = top
        while node not in known and node not in places:
            places[node] = len(walk)
            walk.append(node)
            layer = self._layers.get(node)
            if layer is None:
                known[node] = "layer not known", node
            elif not layer.toc_digest and (not layer.diff_digest or (layer.diff_size or 0) < 0):
                known[node] = f'size for layer "{node}" is unknown, failing getSize()', node
            else:
                node = layer.parent
        if node not in known:  # a circle, which each walk meets where it comes in
            known.update((each, (LOOP, each)) for each in walk[places[node] :])
        for each in walk:
            known.setdefault(each, known[node])
        return known[top]
