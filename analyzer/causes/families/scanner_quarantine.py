"""A scanner on the host removed, emptied or locked files of layers.

What happened
    A virus scanner or security agent looked into `overlay/<id>/diff` like into any directory, disliked a program, and
    deleted it, moved it away, emptied it or took all rights from it. Agents do so in every layer that holds the file.

How it shows
    Single files, mostly programs, missing from otherwise perfect layers, within a short time, in several layers; or
    programs that are empty and have mode 0000. Nothing else of these layers changed.

What speaks against it
    Many files of one layer: that is a removal by hand or a lost write. Other changes of contents: an edit.

What to do
    Exclude the graph root from scanning; look into the agent's log and quarantine for what it took. Then `analyzer
    plan` restores the files. By hand: remove the images above and pull them again.

Sources
    docker/for-linux#550, docker/for-linux#1307, linuxserver/docker-sonarr#289.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.capture.aside import found_by_fsck
from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import Hypothesis, Reason
from analyzer.checks.finding import Finding
from analyzer.words import and_more

PRIOR = -1.8
MISSING, LOCKED, NEIGHBOUR = 2.7, 3.5, 2.5
FEW = 3
FSCK = -8.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one quarantine for single files that are gone from, or locked in, otherwise whole layers."""
    gone = [f for f in case.of("TSP-006", at_least="warning") if _single_files_missing(f) and _otherwise_whole(case, f)]
    locked = {f: modes for f in case.of("TSP-009", at_least="warning") if (modes := _locked(case, f))}
    found = case.widest_first([*gone, *locked])
    if not found:
        return
    explains: dict[Finding, float] = {f: LOCKED if f in locked else MISSING for f in found}
    explains.update({mode: NEIGHBOUR for modes in locked.values() for mode in modes})
    layers = list(dict.fromkeys(f.facts["layer"] for f in found))
    affected = case.serving(layers)
    files = list(dict.fromkeys(str(name) for f in found for name in f.facts.get("files", ())))
    more = and_more(len(files))
    yield Hypothesis(
        family="scanner-quarantine",
        title=f"{files[0]}{more} of layer {layers[0][:12]} was taken out of read-only layers, as scanners do",
        subjects=subjects_of(found),
        explains=explains,
        prior=PRIOR,
        reasons=(*_reasons(gone, locked), *_put_aside(case, gone)),
        affected=affected,
        would_settle=("log and quarantine of the host's security agent at the time the directories were changed",),
    )


def _single_files_missing(finding: Finding) -> bool:
    return set(finding.facts.get("kinds", ())) == {"missing"} and finding.facts.get("count", 0) <= FEW


def _otherwise_whole(case: Case, finding: Finding) -> bool:
    others = case.about([finding.facts["layer"]], "TSP-014", "TSP-007", "TSP-009", "TSP-010", "OVL-023", "OVL-024")
    return not [f for f in others if f.severity != "info"]


def _locked(case: Case, finding: Finding) -> list[Finding]:
    """Return mode findings about the very files that were emptied, where all of them lost every right."""
    if finding.facts.get("unsynced"):
        return []
    modes = [f for f in case.about([finding.facts["layer"]], "OVL-024") if f.facts.get("facet") == "mode"]
    emptied = set(finding.facts.get("files", ()))
    return [f for f in modes if set(f.facts.get("files", ())) == emptied]


def _put_aside(case: Case, gone: list[Finding]) -> Iterator[Reason]:
    aside = found_by_fsck(case.view.snapshot, case.store)
    if gone and aside:
        yield Reason(f"a check of the file system put {aside} aside", FSCK)


def _reasons(gone: list[Finding], locked: dict[Finding, list[Finding]]) -> Iterator[Reason]:
    layers = {f.facts["layer"] for f in (*gone, *locked)}
    if len(layers) > 1:
        yield Reason(f"{len(layers)} layers lost single files, everything else in them is whole", 1.5)
    elif gone and not locked:
        yield Reason("only one layer is hit; somebody may have removed the file", -1.0)
    if locked:
        yield Reason("the emptied files are those that lost their rights", 1.0)
