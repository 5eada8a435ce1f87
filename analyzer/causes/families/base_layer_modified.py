"""Files of a read-only layer changed after the pull.

What happened
    Image layers are read-only by contract. Somebody wrote into `overlay/<id>/diff` on the host (a hand edit, a scanner
    that cleaned or quarantined a file, an agent, malware), or the medium changed bytes.

How it shows
    Files whose size, checksum, type or place is not what tar-split kept from the pull. Every image and container above
    the layer runs with the change; nothing in the engines notices before a push or a full check.

What speaks against it
    Zero-length or NUL-filled files (power loss); only times of directories, or directories that the layer never named
    (the engine made them: normal). A tar-split of another length than the record says: it is not this layer's, and no
    file of the layer could make it so.

What to do
    Find out who wrote it. `analyzer plan` restores the files, from copies in the store or from a new pull of the image.
    By hand: remove every image above the layer, then pull again; the layer is shared, so a partial removal keeps the
    changed files.

Sources
    cri-o#9496, podman#8005, containers/storage#2397; the engine's quick check does not look at contents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import by_layer, weigh
from analyzer.causes.model import Affected, Hypothesis, Reason
from analyzer.checks.finding import Finding
from analyzer.snapshot.times import SECOND, parse_time
from analyzer.source.member import DIRECTORY
from analyzer.verify.facts import MARK, MISSING, PLANTED, LayerFacts
from analyzer.words import and_more

PRIOR = 0.0
RULES = ("TSP-006", "TSP-007", "TSP-008", "TSP-009", "TSP-010", "TSP-011", "OVL-023", "OVL-024")
FILES = frozenset({"TSP-006", "TSP-007", "TSP-009", "TSP-010", "TSP-011"})
"""Rules about the files themselves: who replaced a file replaced its attributes."""
MAIN, FURTHER = 3.5, 1.0
ONE_COMMAND_NS = 600 * SECOND
"""Longest pause between two layers that one command or agent goes over."""
HALF = 0.5
SEVERAL = 2
"""Files of a layer that another one has, from which on the two changed places."""


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one modification for each layer whose files differ, and one for layers that were changed together."""
    planted = [f for f in case.written("OVL-022") if f.facts["facet"] == MARK]
    found = by_layer([*case.written(*RULES), *planted])
    for finding in case.of("OVL-027"):
        yield _closed(finding)
    judged = {layer: f for layer, f in found.items() if not case.about([layer], "TSP-014")}
    exchanged = _exchanged(case, judged)
    if exchanged:
        yield _hypothesis(case, {layer: judged.pop(layer) for layer in exchanged}, exchanged=True)
    for layers in _together(judged):
        yield _hypothesis(case, layers)


def _closed(finding: Finding) -> Hypothesis:
    """Return the hypothesis that somebody closed the root of an image's top layer."""
    return Hypothesis(
        family="base-layer-modified",
        title=f"the root of layer {finding.subject.id[:12]} was closed to others after the pull",
        subjects=(finding.subject,),
        explains={finding: MAIN},
        prior=PRIOR,
        affected=Affected(layers=(finding.subject.id,), images=tuple(finding.facts["images"])),
        would_settle=("shell history of root, and what last changed modes below the graph root",),
    )


def _exchanged(case: Case, found: Iterable[str]) -> list[str]:
    """Return layers whose own files another layer has in place of its own: two or more of them changed places."""
    facts = {layer: case.view.contents[layer] for layer in found if layer in case.view.contents}
    lacks = {layer: _paths(each, MISSING) for layer, each in facts.items()}
    others = {layer: _paths(each, PLANTED) for layer, each in facts.items()}
    moved = [
        layer
        for layer, own in lacks.items()
        if len(own) >= SEVERAL and any(2 * len(own & others[key]) >= len(own) for key in others if key != layer)
    ]
    return moved if len(moved) > 1 else []


def _paths(facts: LayerFacts, facet: str) -> set[str]:
    return {each.path for each in facts.of(facet) if each.kind != DIRECTORY}


def _together(found: dict[str, list[Finding]]) -> list[dict[str, list[Finding]]]:
    """Return findings by layer, the layers in one group whose files were written one after the other."""
    spans = sorted((*span, layer) for layer, findings in found.items() if (span := _written(findings)))
    groups: list[list[str]] = []
    until = 0
    for first, last, layer in spans:
        if groups and first <= until + ONE_COMMAND_NS:
            groups[-1].append(layer)
        else:
            groups.append([layer])
        until = max(until, last)
    alone = [[layer] for layer in found if all(layer not in group for group in groups)]
    return [{layer: found[layer] for layer in group} for group in (*alone, *groups)]


def _written(findings: list[Finding]) -> tuple[int, int] | None:
    """Return when the first and the last of a layer's changed files were written, None where not after the layer."""
    times = [
        (parse_time(f.facts.get("first_change", "")), parse_time(f.facts.get("last_change", ""))) for f in findings
    ]
    made = max((parse_time(f.facts.get("created", "")) or 0 for f in findings), default=0)
    spans = [(first, last) for first, last in times if first and last]
    if not spans or not made or min(first for first, _ in spans) <= made:
        return None
    return min(first for first, _ in spans), max(last for _, last in spans)


def _hypothesis(case: Case, layers: dict[str, list[Finding]], *, exchanged: bool = False) -> Hypothesis:
    findings = case.widest_first(f for each in layers.values() for f in each)
    explains = weigh(findings, MAIN, FURTHER)
    replaced = [layer for layer, each in layers.items() if any(f.rule in FILES for f in each)]
    explains.update({f: FURTHER for f in case.about(replaced, "OVL-022") if f not in explains})
    return Hypothesis(
        family="base-layer-modified",
        title=_title(layers, findings[0].layer, exchanged=exchanged),
        subjects=subjects_of(findings),
        explains=explains,
        prior=PRIOR,
        reasons=() if exchanged else tuple(_reasons(findings)),
        affected=case.serving(layers),
        would_settle=(
            "who wrote at the files' mtime and ctime: audit log, scanner and agent logs",
            "`--depth deep`, which rebuilds the layer and compares its SHA-256",
        ),
    )


def _title(layers: dict[str, list[Finding]], widest: str, *, exchanged: bool) -> str:
    if exchanged:
        return f"the files of layer {widest[:12]}{and_more(len(layers))} changed places: each has those of another one"
    count = 0
    for findings in layers.values():
        files = list(dict.fromkeys(str(name) for f in findings for name in f.facts.get("files", ())))
        count += max(len(files), sum(f.facts.get("count", 1) for f in findings))
    names = [str(name) for f in layers[widest] for name in f.facts.get("files", ())]
    what = names[0] if count == 1 and names else f"{count} files"
    verb = "removed" if _only_removed(layers) else "changed"
    was = "was" if count == 1 else "were"
    if len(layers) == 1:
        return f"{what} of the read-only layer {widest[:12]} {was} {verb} after the pull"
    return f"{what} of the read-only layer {widest[:12]}{and_more(len(layers))} {was} {verb} at one time"


def _only_removed(layers: dict[str, list[Finding]]) -> bool:
    return all(f.facts.get("kinds", {}).keys() == {MISSING} for findings in layers.values() for f in findings)


def _reasons(findings: list[Finding]) -> Iterator[Reason]:
    """Yield what times and numbers say for and against a writer on this one layer."""
    contents = [f for f in findings if f.rule == "TSP-007"]
    if contents and len(contents) == len(findings) and all(f.facts.get("untouched") for f in contents):
        yield Reason("the files still have the times they were unpacked with: nobody wrote to them", -1.5)
    modes = [f for f in findings if f.rule == "OVL-024"]
    if len(modes) == len(findings) and any(f.facts.get("sweep") and f.facts["share"] >= HALF for f in modes):
        yield Reason("most files of the layer changed in the same way: that is a sweep, not an edit", -1.5)
