"""The plan beside what else people do: the engines' own repairs, and a wipe. Counted in images, containers and bytes.

`podman system check --repair` (podman 5.3 and later) is the check and repair of containers/storage that CRI-O has too,
with the contents of layers read: what it deletes is worked out by the same model (`analyzer.outlook`), from the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from analyzer.checks.finding import Finding
from analyzer.checks.store_view import StoreView
from analyzer.graph.relations import Relations
from analyzer.outlook.check import quick_check
from analyzer.outlook.loaded import load
from analyzer.outlook.model import UNCLEAN_START, Deletes, Outlook
from analyzer.outlook.repair import repair
from analyzer.repair.numbered import BundlePlan
from analyzer.snapshot.snapshot import BundleSnapshot

CONTENT = frozenset({"OVL-022", "OVL-023", "OVL-024", "TSP-006", "TSP-007", "TSP-008", "TSP-009", "TSP-010", "TSP-011"})
"""Rules about files that the check, which podman runs with contents, reads too."""


class Price(Struct, frozen=True):
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
    snapshot: BundleSnapshot,
    relations: Sequence[Relations],
    plan: BundlePlan,
    outlook: Iterable[Outlook],
    findings: Sequence[Finding],
) -> tuple[Price, ...]:
    """Return the price of the plan, of the engines' own repairs as far as they are foretold, and of a wipe."""
    tops = [layer for group in plan.groups for layer in _pulled(group.pulls, relations)]
    rows = [Price("this plan", 0, 0, _bytes(set(tops), relations))]
    for item in outlook:
        if item.command == UNCLEAN_START and item.deletes is not None:
            rows.append(_of_engine(item.deletes, relations, f"{item.engine}'s internal repair ({item.version})"))
            break
    rows += _of_check(snapshot, relations, [f for f in findings if f.is_at_least("error")])
    rows.append(_wiped(relations, "a wipe of the graph root"))
    return tuple(rows)


def _of_check(snapshot: BundleSnapshot, relations: Sequence[Relations], findings: Sequence[Finding]) -> Iterator[Price]:
    """Yield what `podman system check --repair --force` deletes; nothing where podman cannot open the stores."""
    images = containers = 0
    pulled: set[str] = set()
    wrong = {f.layer for f in findings if f.rule in CONTENT}
    for rel in relations:
        view = StoreView(snapshot, rel.stores[0], rel)
        state = load(view)
        found = None if state.refusal or state.layers_refusal or state.unread else quick_check(state, view)
        if found is None or found.endless:
            return
        found.layers |= wrong & state.own
        found.images |= rel.images_hit(found.layers) & state.images.keys()
        found.containers |= {each.id for each in state.containers.values() if each.image in found.images}
        repair(state, found)
        images += len(state.gone_images)
        containers += len(state.gone_containers)
        pulled |= state.gone_layers
    way = "`podman system check --repair --force` (podman 5.3 and later; read, not run)"
    yield Price(way, images, containers, _bytes(pulled, relations))


def _of_engine(deletes: Deletes, relations: Sequence[Relations], way: str) -> Price:
    return _wiped(relations, way) if deletes.whole_root else Price(way, deletes.images, deletes.containers, 0)


def _wiped(relations: Sequence[Relations], way: str) -> Price:
    every = {layer for rel in relations for image in rel.images.values() for layer in rel.chain(image.layer)}
    images, containers = (sum(len(getattr(rel, part)) for rel in relations) for part in ("images", "containers"))
    return Price(way, images, containers, _bytes(every, relations), whole=True)


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
