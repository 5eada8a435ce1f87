"""The plan beside what else people do: the engine's own repair, and a wipe. Counted in images, containers and bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.graph.relations import Relations
    from analyzer.outlook.model import Deletes, Outlook
    from analyzer.repair.bundle import BundlePlan

AFTER = "start after unclean stop"


@dataclass(frozen=True, slots=True)
class Price:
    """What one way costs.

    Attributes:
        way: what is done, in words.
        images, containers: how many are gone afterwards.
        pulled: bytes to pull again, compressed, as far as the records tell sizes.
        whole: everything is gone.
    """

    way: str
    images: int
    containers: int
    pulled: int
    whole: bool = False


def prices(relations: Sequence[Relations], plan: BundlePlan, outlook: Iterable[Outlook]) -> tuple[Price, ...]:
    """Return the price of the plan, of CRI-O's internal repair where it is foretold, and of a wipe."""
    tops = [layer for group in plan.groups for layer in _pulled(group.pulls, relations)]
    rows = [Price("this plan", 0, 0, _bytes(set(tops), relations))]
    for item in outlook:
        if item.command == AFTER and item.deletes is not None:
            rows.append(_of_engine(item.deletes, relations, f"{item.engine}'s internal repair ({item.version})"))
            break
    every = {layer for rel in relations for image in rel.images.values() for layer in rel.chain(image.layer)}
    images = sum(len(rel.images) for rel in relations)
    containers = sum(len(rel.containers) for rel in relations)
    rows.append(Price("a wipe of the graph root", images, containers, _bytes(every, relations), whole=True))
    return tuple(rows)


def _of_engine(deletes: Deletes, relations: Sequence[Relations], way: str) -> Price:
    if deletes.whole_root:
        every = {layer for rel in relations for image in rel.images.values() for layer in rel.chain(image.layer)}
        images, containers = (sum(len(getattr(rel, part)) for rel in relations) for part in ("images", "containers"))
        return Price(way, images, containers, _bytes(every, relations), whole=True)
    return Price(way, deletes.images, deletes.containers, 0)


def _pulled(pulls: Iterable[str], relations: Sequence[Relations]) -> list[str]:
    found = []
    for image in pulls:
        for rel in relations:
            if image in rel.images:
                found += list(rel.chain(rel.images[image].layer))
    return found


def _bytes(layers: set[str], relations: Sequence[Relations]) -> int:
    sizes = [rel.layers[layer].compressed_size for rel in relations for layer in sorted(layers) if layer in rel.layers]
    return sum(size for size in sizes if size and size > 0)
