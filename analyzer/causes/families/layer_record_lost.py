"""A layer record is missing from layers.json while children, images or containers still name it.

What happened
    The record of a layer is gone. Where its directory is still there, only the record was lost: layers.json was rolled
    back, edited, or reached the disk in an older state than images.json. Where the directory is gone too, a removal or
    a wipe stopped half way, or the layer lived in an additional store that is no longer there.

How it shows
    `layer not known` without any name, from CRI-O for the whole listing; Podman leaves the images out. Restarting CRI-O
    runs garbage collection, which deletes the directory that has no record.

What speaks against it
    A store in storage.conf that the bundle does not hold: then parents are not judged at all.

What to do
    Keep the directory from being collected: do not start CRI-O. `analyzer plan` writes the record again from what the
    store proves. By hand: put it back from a backup of layers.json, or remove the images above it by id and pull them
    again.

Sources
    cri-o#4285, okd#297, podman#8148, podman#9588, crc#1414; CRI-O's start-up garbage collection was run.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import by_layer, weigh
from analyzer.causes.model import Hypothesis, Reason
from analyzer.checks.finding import Finding
from analyzer.snapshot.store import ADDITIONAL

PRIOR = -0.5
RULES = ("LAY-001", "IMG-016", "CTR-001", "IMG-017")
LEFT = ("OVL-013", "TSP-013", "OVL-001", "OVL-002", "OVL-004", "LAY-015")
MANY = 2
MAIN, FURTHER, LEFT_OVER = 4.0, 2.0, 1.5


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one lost record for each missing layer id, and one loss for many whose directories are there."""
    lost = by_layer(case.lost_records(*RULES))
    kept = {layer: findings for layer, findings in lost.items() if case.rel.directory(layer) is not None}
    unrecorded = [f for f in case.written("OVL-013") if f.subject.id not in kept]
    if len(kept) >= MANY or (kept and len(kept) + len(unrecorded) >= MANY):
        yield _of_many(case, kept, unrecorded)
        lost = {layer: findings for layer, findings in lost.items() if layer not in kept}
    for layer_id, findings in lost.items():
        yield _hypothesis(case, layer_id, findings)


def _of_many(case: Case, kept: dict[str, list[Finding]], unrecorded: list[Finding]) -> Hypothesis:
    """Return the loss of many records at once: somebody saved a shorter list."""
    findings = case.widest_first(f for each in kept.values() for f in each)
    layers = [*kept, *(f.subject.id for f in unrecorded)]
    explains = weigh(findings, MAIN, FURTHER)
    for finding in case.about(layers, *LEFT):
        explains.setdefault(finding, LEFT_OVER)
    affected = case.affected(layers=layers)
    return Hypothesis(
        family="layer-record-lost",
        title=f"layers.json lacks the records of {len(layers)} layers whose directories are there: a shorter list",
        subjects=subjects_of(findings),
        explains=explains,
        prior=PRIOR,
        reasons=(Reason("their directories are still there: only the records were lost", 0.5),),
        affected=affected,
        would_settle=("an older copy of layers.json; shell history, and whether a second host writes this root",),
        fails_listing=bool(case.view.crio and affected.images),
    )


def _reasons(case: Case, *, directory: bool) -> Iterator[Reason]:
    if directory:
        yield Reason("its directory is still there: only the record was lost", 0.5)
    elif any(store.role == ADDITIONAL for store in case.rel.stores):
        yield Reason("an additional store serves this one: the layer may have been there", -1.5)


def _hypothesis(case: Case, layer_id: str, findings: list[Finding]) -> Hypothesis:
    explains = weigh(findings, MAIN, FURTHER)
    left = case.about([layer_id], *LEFT)
    explains.update({f: LEFT_OVER for f in left if f not in explains})
    directory = case.rel.directory(layer_id) is not None
    affected = case.affected(layers=[layer_id])
    only_container = not affected.images and findings[0].rule == "CTR-001"
    role = "the read-write layer of a container" if only_container else "a layer others stand on"
    listed = any(store.home.layers for store in case.rel.stores)
    state = "its directory is gone too" if listed else "no layer directory was captured"
    state = "its directory is still there" if directory else state
    reasons = tuple(_reasons(case, directory=directory))
    return Hypothesis(
        family="layer-record-lost",
        title=f"layers.json has no record of {layer_id[:12]}, {role}; {state}",
        subjects=(findings[0].subject,),
        explains=explains,
        prior=PRIOR,
        reasons=reasons,
        affected=affected,
        would_settle=("an older copy of layers.json, or the bundle of the additional store, if one was configured",),
        fails_listing=bool(case.view.crio and affected.images),
    )
