"""Layer directories, or parts of them, removed from under the records: by hand, a cleaner, an interrupted removal.

What happened
    The records still name layers whose directory (or `diff`) below the driver's home is gone. Somebody freed space by
    hand, a cleaner did, or a removal stopped after the directory and before the record.

How it shows
    A layer record without its directory, its short link in `overlay/l` dangling, children's `lower` still naming it.
    Listing still works on CRI-O; containers and mounts that need the layer fail with `no such file or directory`, and
    pulls skip the blob because the record says that it is there.

What speaks against it
    A capture that left directories out: then all of them are missing, and this tool says so instead.

What to do
    `analyzer plan` restores the layer's files from a new pull of the image. By hand: remove every image that uses the
    layer, by id, and pull it again. Never make an empty `diff` in its place: that runs containers without their files.

Sources
    okd#1296, podman#10284, podman#7145, cri-o#5793, cri-o#1784.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Affected, Hypothesis, Reason
from analyzer.causes.times import listed_before
from analyzer.checks.finding import Finding
from analyzer.words import and_more

PRIOR = -0.5
DIRECTORY, LINK, PART = 4.0, 1.5, 1.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one removal for all layer directories that are gone, and one for directories inside them."""
    if parts := case.widest_first(case.of("OVL-011", at_least="warning")):
        yield _inside(parts)
    gone = case.widest_first(case.of("OVL-012", "OVL-010", at_least="warning"))
    if not gone:
        return
    layers = [str(layer) for f in gone for layer in ([f.subject.id] if f.subject.id else f.facts["layers"])]
    explains = dict.fromkeys(gone, DIRECTORY)
    explains.update(dict.fromkeys(case.about(layers, "OVL-004", "OVL-001", "OVL-002", "OVL-007", "TSP-001"), LINK))
    affected = case.serving(layers)
    yield Hypothesis(
        family="layer-directory-removed",
        title=_title(gone[0], layers),
        subjects=subjects_of(gone),
        explains=explains,
        prior=PRIOR,
        reasons=tuple(_reasons(case, layers)),
        affected=affected,
        would_settle=("shell history and cleaner logs around the time `overlay` was last changed",),
    )


def _title(first: Finding, layers: list[str]) -> str:
    if aside := first.facts.get("aside"):
        return f"{first.subject.path} was renamed: {aside} holds the directories of the layers"
    if not first.subject.id:
        return f"{first.subject.path} was emptied: the directories of all {len(layers)} layers are gone"
    if other := first.facts.get("other"):
        more = and_more(len(layers))
        return f"the directory of layer {layers[0][:12]}{more} is a symlink to that of layer {other[:12]}"
    what = "the directory" if first.rule == "OVL-012" else "the `diff` directory"
    return f"{what} of layer {layers[0][:12]}{and_more(len(layers))} is gone while the records still name it"


def _inside(parts: list[Finding]) -> Hypothesis:
    first = parts[0]
    more = and_more(len(parts))
    images = {i for f in parts for i in f.facts["images"]}
    containers = {c for f in parts for c in f.facts["containers"]}
    layers = tuple(dict.fromkeys(f.subject.id for f in parts))
    return Hypothesis(
        family="layer-directory-removed",
        title=f"`{first.facts['name']}` of layer {first.subject.id[:12]}{more} is gone, which only a hand takes away",
        subjects=subjects_of(parts),
        explains=weigh(parts, DIRECTORY, PART),
        prior=PRIOR,
        affected=Affected(tuple(sorted(layers)), tuple(sorted(images)), tuple(sorted(containers))),
        would_settle=("shell history and cleaner logs around the time the layer's directory was last changed",),
    )


def _reasons(case: Case, layers: list[str]) -> Iterator[Reason]:
    if all(listed_before(case, layer) for layer in layers):
        yield Reason("the driver's home was last changed before these layers were made: a removal would show", -4.0)
