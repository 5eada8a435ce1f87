"""A removal of an image or container that stopped half way.

What happened
    The engine removes the record of the image first, then flags each layer `incomplete`, deletes its short link and its
    directory, and at last drops the layer's record. It was killed, or failed on a busy mount, in between.

How it shows
    A layer flagged incomplete that had been finished before: its record has a diff-digest, or its directory is gone
    already. No image names it. Layers below it wait without a user.

What speaks against it
    A flagged record without digest and size: that layer was never finished, and is what a pull leaves.

What to do
    Nothing, where nothing needs the layer: the next read-write open finishes the removal. Otherwise remove what stands
    on it by id.

Sources
    containers/storage layers.go: deleteInternal and the load of incomplete layers; podman#24754, podman#14003; killed
    `podman rmi` was run with podman 4.3.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import Hypothesis, Reason, Step
from analyzer.checks.finding import Finding
from analyzer.words import and_more

PRIOR = -0.5
FLAG, DIRECTORY, NEIGHBOUR = 3.5, 2.0, 0.7
NEIGHBOURS = ("TSP-001", "OVL-012", "OVL-010", "OVL-001", "OVL-004", "OVL-007", "LAY-013", "LAY-006", "IMG-021")


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one stopped removal for flagged layers that had been finished before."""
    flagged = case.widest_first(f for f in case.of("LAY-004", at_least="warning") if _was_finished(case, f))
    if not flagged:
        return
    layers = [f.subject.id for f in flagged]
    explains = dict.fromkeys(flagged, FLAG)
    below = {layer for each in layers for layer in case.rel.chain(each)}
    explains.update({f: NEIGHBOUR for f in case.about(below, *NEIGHBOURS) if f not in explains})
    explains.update(dict.fromkeys(case.about(layers, "OVL-002"), DIRECTORY))
    needed = [f.subject.id for f in flagged if not f.facts.get("in_flight")]
    affected = case.affected(layers=needed) if needed else case.affected()
    more = and_more(len(layers))
    plan = () if needed else (Step("", "Nothing: the next read-write open finishes it.", instead=True),)
    yield Hypothesis(
        family="interrupted-removal",
        title=f"layer {layers[0][:12]}{more} was being removed when the engine stopped",
        subjects=subjects_of(flagged),
        explains=explains,
        prior=PRIOR,
        reasons=tuple(_reasons(case, flagged)),
        affected=affected,
        would_settle=("the journal of the engine for a removal or prune around the last write of layers.json",),
        plan=plan,
        fails_listing=bool(needed and case.view.crio and affected.images),
    )


def _was_finished(case: Case, finding: Finding) -> bool:
    """Tell whether a flagged layer was whole once, and is no longer: it has a digest or an owner, and lacks the rest.

    A layer whose making was cut short has neither digest nor owner yet, and perhaps no directory.
    """
    record = case.rel.layers.get(finding.subject.id)
    if record is None or not (record.diff_digest or record.toc_digest or case.rel.owner_of.get(record.id)):
        return False
    return _without_directory(case, finding) or bool(finding.facts.get("in_flight"))


def _without_directory(case: Case, finding: Finding) -> bool:
    """Tell whether no directory of the layer is seen; in a bundle that is not whole it may be there."""
    return bool(case.store.home.layers) and case.rel.directory(finding.subject.id) is None


def _reasons(case: Case, flagged: list[Finding]) -> Iterator[Reason]:
    records = [case.rel.layers[f.subject.id] for f in flagged]
    if any(record.diff_digest for record in records):
        yield Reason("its record has a digest and a size: the layer had been finished before it was flagged", 2.5)
    if case.snapshot.whole and any(_without_directory(case, f) for f in flagged):
        yield Reason("its directory is gone already, which a removal takes before the record", DIRECTORY)
