"""What stands on each layer, for all layers at once and in linear space.

Layers form a forest: every one has at most one parent. Walked from its roots, whatever stands on a layer is one stretch
of that walk, so that a layer needs two numbers and no set of its own; layers on a circle of parents share theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


class Standing(Mapping[str, set[str]]):
    """Ids by the layer they stand on; only layers that something stands on are keys.

    A set is made when it is asked for: `count` and `only` answer without one.
    """

    def __init__(
        self,
        tops: Mapping[str, Iterable[str]],
        parents: Mapping[str, str],
        cycles: Iterable[list[str]] = (),
    ) -> None:
        """Take the layers that each thing names itself, and the parent of every layer that has a record.

        Args:
            tops: layer ids by the id of what stands on them.
            parents: parent by layer id, `""` for none.
            cycles: layers whose parents lead round, each circle as a list.
        """
        ring = {layer_id: cycle[0] for cycle in cycles for layer_id in cycle}
        named: dict[str, list[str]] = {}
        for thing, layers in tops.items():
            for layer_id in dict.fromkeys(layers):
                if layer_id:
                    named.setdefault(layer_id, []).append(thing)
        children: dict[str, list[str]] = {}
        roots = []
        used: set[str] = set()
        for top in named:
            node = top
            while node not in used:
                used.add(node)
                parent = parents.get(node, "")
                if node in ring:
                    if ring[node] == node:
                        roots.append(node)
                elif parent:
                    children.setdefault(ring.get(parent, parent), []).append(node)
                else:
                    roots.append(node)
                if not parent:
                    break
                node = parent
        for layer_id, first in ring.items():
            if layer_id != first and layer_id in named:
                named.setdefault(first, []).extend(named.pop(layer_id))
        self._order: list[str] = []
        self._spans: dict[str, tuple[int, int]] = {}
        self._walk(roots, children, named)
        for layer_id, first in ring.items():
            if first in self._spans:
                self._spans[layer_id] = self._spans[first]
        self._several = len(set(self._order)) < len(self._order)

    def _walk(self, roots: list[str], children: Mapping[str, list[str]], named: Mapping[str, list[str]]) -> None:
        todo: list[tuple[str, int]] = [(root, -1) for root in reversed(roots)]
        while todo:
            node, start = todo.pop()
            if start >= 0:
                self._spans[node] = (start, len(self._order))
                continue
            todo.append((node, len(self._order)))
            self._order.extend(named.get(node, ()))
            todo.extend((child, -1) for child in children.get(node, ()))

    def __getitem__(self, layer_id: str) -> set[str]:
        start, end = self._spans[layer_id]
        return set(self._order[start:end])

    def __contains__(self, layer_id: object) -> bool:
        return layer_id in self._spans

    def __iter__(self) -> Iterator[str]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)

    def count(self, layer_id: str) -> int:
        """Return how many stand on a layer."""
        start, end = self._spans.get(layer_id, (0, 0))
        return len(set(self._order[start:end])) if self._several else end - start

    def only(self, layer_id: str, ids: set[str] | frozenset[str]) -> bool:
        """Tell whether nothing but the given ids stands on a layer; it stops at the first that is not among them."""
        start, end = self._spans.get(layer_id, (0, 0))
        return all(self._order[turn] in ids for turn in range(start, end))

    def on_any(self, layer_ids: Iterable[str]) -> set[str]:
        """Return the ids that stand on any of the layers; a stretch inside another is not looked at."""
        found: set[str] = set()
        reached = 0
        for start, end in sorted({self._spans[layer_id] for layer_id in layer_ids if layer_id in self._spans}):
            if end > reached:
                found.update(self._order[max(start, reached) : end])
                reached = end
        return found
