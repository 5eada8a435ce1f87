"""The plan beside what else people do: the engines' own repairs, and a wipe. Counted in images, containers and bytes.

`podman system check --repair` (podman 5.3 and later; containers/storage check.go, read and not run) deletes: every
layer whose files, parent or directory are not as recorded, the layers on it, and their images; every image with an item
that is missing or of another size; with `--force` their containers too. It puts nothing back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.checks.finding import RANK
from analyzer.repair.layers import FILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.checks.finding import Finding
    from analyzer.graph.relations import Relations
    from analyzer.outlook.model import Deletes, Outlook
    from analyzer.repair.bundle import BundlePlan

AFTER = "start after unclean stop"
CHECKED_LAYERS = frozenset({*FILES, "OVL-010", "OVL-012", "LAY-001", "LAY-002", "LAY-004"}) - {"OVL-016", "OVL-018"}
CHECKED_IMAGES = frozenset({"IMG-001", "IMG-002"})
UNREADABLE = frozenset({"STO-001", "STO-005"})
"""An index that does not load: no command of podman's opens the store then."""


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


def prices(
    relations: Sequence[Relations], plan: BundlePlan, outlook: Iterable[Outlook], findings: Iterable[Finding] = ()
) -> tuple[Price, ...]:
    """Return the price of the plan, of the engines' own repairs as far as they are foretold, and of a wipe."""
    tops = [layer for group in plan.groups for layer in _pulled(group.pulls, relations)]
    rows = [Price("this plan", 0, 0, _bytes(set(tops), relations))]
    for item in outlook:
        if item.command == AFTER and item.deletes is not None:
            rows.append(_of_engine(item.deletes, relations, f"{item.engine}'s internal repair ({item.version})"))
            break
    rows += _of_check([f for f in findings if RANK[f.severity] >= RANK["error"]], relations)
    every = {layer for rel in relations for image in rel.images.values() for layer in rel.chain(image.layer)}
    images = sum(len(rel.images) for rel in relations)
    containers = sum(len(rel.containers) for rel in relations)
    rows.append(Price("a wipe of the graph root", images, containers, _bytes(every, relations), whole=True))
    return tuple(rows)


def _of_check(findings: Sequence[Finding], relations: Sequence[Relations]) -> list[Price]:
    """Return what `podman system check --repair --force` deletes; nothing where podman cannot open the store."""
    if any(f.rule in UNREADABLE for f in findings):
        return []
    layers = {f.subject.id or str(f.facts.get("layer") or "") for f in findings if f.rule in CHECKED_LAYERS}
    items = {f.subject.id for f in findings if f.rule in CHECKED_IMAGES}
    images, containers, pulled = set[str](), set[str](), set[str]()
    for rel in relations:
        own = rel.images_hit(layers) | (items & rel.images.keys())
        images |= own
        containers |= rel.containers_hit(layers)
        containers |= {key for key, container in rel.containers.items() if container.image in own}
        rest = {layer for image in rel.images.keys() - own for layer in rel.chain(rel.images[image].layer)}
        gone = {layer for image in own for layer in rel.chain(rel.images[image].layer)}
        pulled |= gone - (rest - layers)
    way = "`podman system check --repair --force` (podman 5.3 and later; read, not run)"
    return [Price(way, len(images), len(containers), _bytes(pulled, relations))]


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
