"""Layers of an additional image store went away under the images that stand on them.

What happened
    `additionalimagestores` names a read-only store whose layers serve as parents here. It was updated, emptied,
    replaced or mounted empty. Images and containers of this store still name its old layers.

How it shows
    Parents and top layers without a record in any captured store, while the additional store is captured and serves, or
    should serve, this one; layer directories that are gone there and still recorded.

What speaks against it
    The missing layer's directory lies in the graph root itself: then its record was lost here. An additional store that
    the bundle does not hold at all: then nothing is judged.

What to do
    Put the old content of the additional store back, or remove the images that stand on it and pull them into the store
    itself. Treat additional stores as immutable: new content belongs at a new path.

Sources
    podman#20603, containers/storage#1827, containers/storage#1864, containers/storage#1873; CRI-O's repair wipes a
    store whose parents are in an additional store (run on CRI-O 1.37).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Hypothesis, Reason, Step
from analyzer.checks.finding import Finding
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.store import ADDITIONAL, Store
from analyzer.words import and_more

PRIOR = -0.5
MAIN, FURTHER, LINK = 4.5, 2.5, 1.0
NAMED = ("LAY-001", "IMG-016", "CTR-001", "IMG-017")


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one change of the additional store for all layers that it no longer gives."""
    stores = [store for store in case.rel.stores if store.role == ADDITIONAL]
    if not stores:
        return
    lost = [f for f in case.of(*NAMED, at_least="warning") if _not_here(case, f)]
    there = {store.root for store in stores}
    gone = [f for f in case.of("OVL-012", "OVL-010", at_least="warning") if f.root in there]
    found = case.widest_first([*lost, *gone])
    if not found:
        return
    layers = list(dict.fromkeys(finding.layer for finding in found))
    explains = weigh(found, MAIN, FURTHER)
    explains.update({f: LINK for f in case.about(layers, "OVL-004", "OVL-001", "OVL-002") if f not in explains})
    images = {f.subject.id for f in case.of("CTR-002") if f.subject.id not in case.rel.images}
    affected = case.affected(layers=layers)
    more = and_more(len(layers))
    yield Hypothesis(
        family="additional-store-changed",
        title=f"layer {layers[0][:12]}{more} is no longer in the additional store {stores[0].root}",
        subjects=subjects_of(found),
        explains=explains,
        prior=PRIOR,
        reasons=tuple(_reasons(stores, images)),
        affected=affected,
        would_settle=("who updates the additional store and when: its mount, image build or package",),
        plan=(Step("", "Put the old content of the additional store back, if there is a copy: then nothing is lost."),),
    )


def _not_here(case: Case, finding: Finding) -> bool:
    """Tell whether a missing layer has neither a record anywhere nor data in the graph root; no container's own has.

    What is no id was never in a store.
    """
    layer = finding.subject.id
    if finding.subject.kind != "layer" or layer in case.rel.layers or finding.rule == "CTR-001":
        return False
    if not HEX_ID.fullmatch(layer):
        return False
    return layer not in case.store.home.layers and layer not in case.store.tar_splits


def _reasons(stores: list[Store], images: set[str]) -> Iterator[Reason]:
    if any(not store.layers for store in stores):
        yield Reason("the additional store is there and holds no layer at all", 1.0)
    if images:
        yield Reason("images that containers here were made from are in neither store", 0.5)
