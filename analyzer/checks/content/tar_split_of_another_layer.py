"""Tar-split is that of another layer.

What it finds
    A tar-split whose bytes are those of another layer's, while the records say that the two layers differ; or one that
    names mostly files which the layer does not have, beside files which it does not name.

Why it matters
    Nothing that runs needs it. But the layer can be neither pushed nor saved nor checked: what is put together by a
    foreign list has another digest. Comparing the files with it shows false differences.

How sure
    High for two equal tar-splits. Medium where only the names disagree: the files of the layer may as well have been
    replaced.

Remedy
    `crictl rmi ID` or `podman rmi ID` for each image on the layer, then pull again.

Engine source
    containers/storage layers.go: tarSplitPath, assembleTarSplit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from analyzer.capture.times import times_kept
from analyzer.checks.content.finding_facts import SLACK_NS
from analyzer.checks.rule import ERROR, HIGH, MEDIUM, Finding, Findings, Need, Rule, StoreView, Where, rule
from analyzer.verify.facts import FACETS, MISSING, PLANTED, TAR_SPLIT, LayerFacts

FEWEST = 2


@rule(
    "TSP-014",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS, Need.CONTENT),
    says="the tar-split of layer {layer} {seen}: the layer can be neither checked nor pushed",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for equal tar-splits of unlike layers, then for those that name other files."""
    described = {key: facts for key, facts in view.contents.items() if facts.source == TAR_SPLIT and facts.description}
    foreign: dict[str, str] = {}
    for group in _equal(described):
        digests = {described[key].record.diff_digest for key in group}
        if len(group) > 1 and len(digests) > 1:
            ranked = sorted(group, key=lambda key: (*_strangeness(described[key]), key))
            foreign.update(dict.fromkeys(ranked[1:], ranked[0]))
    for key, facts in described.items():
        if key in foreign:
            yield _finding(view, this, facts, f"is that of layer {foreign[key]}", HIGH)
        elif _names_others(facts) and not _own(view, facts, described):
            yield _finding(view, this, facts, "names other files than the layer has", MEDIUM)


def _strangeness(facts: LayerFacts) -> tuple[bool, int]:
    """Return whether the tar has another length than the record says, and how many files differ."""
    size = facts.record.diff_size
    return facts.total is not None and size is not None and facts.total != size, sum(map(facts.count, FACETS))


def _equal(described: dict[str, LayerFacts]) -> list[list[str]]:
    groups: dict[bytes, list[str]] = {}
    for key, facts in described.items():
        data = facts.description.data if facts.description is not None else None
        if data and not facts.problems:
            groups.setdefault(hashlib.sha256(data).digest(), []).append(key)
    return list(groups.values())


def _names_others(facts: LayerFacts) -> bool:
    missing, planted = facts.counts[MISSING], facts.counts[PLANTED]
    later = (facts.record.created_ns or 0) + SLACK_NS
    taken = [each for each in facts.of(MISSING) if each.mtime_ns is not None and each.mtime_ns > later]
    if facts.record.created_ns is not None and 2 * len(taken) >= missing:
        return False
    return not facts.emptied and missing >= FEWEST and planted > 0 and 2 * missing > facts.recorded


def _own(view: StoreView, facts: LayerFacts, described: Mapping[str, LayerFacts]) -> bool:
    """Tell whether a tar-split is this layer's own for all that its files say: they were replaced then.

    It is as long as the record says, which no other layer is; or it was written after this layer was begun and before
    the next one was, and before the records were saved.
    """
    record, file = facts.record, facts.description
    if facts.total is not None and record.diff_size is not None:
        alike = [each for each in described.values() if each.record.diff_size == record.diff_size]
        if facts.total != record.diff_size or len(alike) == 1:
            return facts.total == record.diff_size
    index = view.store.document("layers", "layers.json")
    if file is None or index is None or record.created_ns is None or not times_kept(view.store):
        return False
    if file.member.mtime_ns > index.file.member.mtime_ns:
        return False
    begun = [each.created_ns for each in view.store.layers if each.created_ns is not None]
    return record.created_ns == max((each for each in begun if each <= file.member.mtime_ns), default=0)


def _finding(view: StoreView, this: Rule, facts: LayerFacts, seen: str, confidence: str) -> Finding:
    path = facts.description.path if facts.description is not None else facts.diff
    return this.found(
        view.layer(facts.record.id, path),
        [(Where(path), "the tar of this layer", seen)],
        confidence=confidence,
        layer=facts.record.id,
        layers=[facts.record.id],
        seen=seen,
    )
