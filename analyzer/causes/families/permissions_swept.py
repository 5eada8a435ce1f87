"""`chmod -R` or `chown -R` ran over the graph root.

What happened
    Somebody opened, closed or gave away everything below the graph root, or below one layer, in one go: a repair of
    `permission denied` by hand, a hardening script, a cleaner.

How it shows
    Many files of many layers whose modes or owners all changed in the same way. Programs lose setuid bits, sudo and ssh
    refuse files, services cannot read their own files.

What speaks against it
    One file only: that is an edit. A bundle whose members all have one owner: then the capture lost them.

What to do
    Never put modes back by hand: what each file had is not known outside its layer's tar. Remove the images above and
    pull them again; `chmod 0700`, `0600` only for the store's own directories and index files.

Sources
    Rules OVL-024 and STO-016.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec.structs import replace

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import Hypothesis, Reason
from analyzer.checks.finding import Finding
from analyzer.words import and_more

PRIOR = -1.0
SWEPT, FURTHER, SINGLE, STORE = 4.5, 2.0, 1.5, 2.2
WIDE, SHARE = 3, 0.4


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one sweep for all modes and owners that changed together."""
    changed = case.widest_first(case.of("OVL-024", at_least="warning"))
    own = case.of("STO-016", at_least="warning")
    if not changed and not own:
        return
    layers = [f.layer for f in changed]
    given_away = bool(own) and _layers_given_away(case)
    affected = case.serving(_own_layers(case) if given_away else layers)
    if any(f.facts.get("blocks") for f in own):
        images = {key for key in case.rel.images if case.rel.image_store[key] is case.store}
        affected = replace(affected, images=tuple(sorted(images.union(affected.images))))
    explains: dict[Finding, float] = {}
    everywhere = _everywhere(case, changed)
    for finding in changed:
        usual = FURTHER if explains else SWEPT
        explains[finding] = usual if everywhere or _is_sweep(finding) else SINGLE
    explains.update(dict.fromkeys(case.about(layers, "OVL-027"), SINGLE))
    explains.update(dict.fromkeys(own, STORE))
    found = [*changed, *own]
    yield Hypothesis(
        family="permissions-swept",
        title=_title(changed, own),
        subjects=subjects_of(found),
        explains=explains,
        prior=PRIOR,
        reasons=(*_reasons(case, changed), *_given_away(given=given_away)),
        affected=affected,
        would_settle=("shell history of root and configuration management runs: chmod -R, chown -R, setfacl -R",),
    )


def _is_sweep(finding: Finding) -> bool:
    return bool(finding.facts.get("sweep")) and finding.facts.get("share", 0) >= SHARE


def _everywhere(case: Case, changed: list[Finding]) -> bool:
    """Tell whether every layer that was compared is changed, however few files each has."""
    hit = {finding.layer for finding in changed}
    compared = {key for key, facts in case.view.contents.items() if facts.compared}
    return len(hit) > 1 and hit >= compared


def _layers_given_away(case: Case) -> bool:
    """Tell whether most layer directories belong to somebody else than the index files do: no engine makes that."""
    layers = Counter(layer.member.uid for layer in case.store.home.layers.values() if layer.member is not None)
    indexes = Counter(document.file.member.uid for document in case.store.documents.values())
    return bool(layers and indexes) and layers.most_common(1)[0][0] != indexes.most_common(1)[0][0]


def _own_layers(case: Case) -> list[str]:
    return [layer for layer, store in case.rel.layer_store.items() if store is case.store]


def _given_away(*, given: bool) -> Iterator[Reason]:
    if given:
        yield Reason("the layer directories belong to another user than the index files", 2.0)


def _reasons(case: Case, changed: list[Finding]) -> Iterator[Reason]:
    layers = {f.facts.get("layer") for f in changed}
    compared = [facts for facts in case.view.contents.values() if facts.compared]
    if len(layers) >= WIDE and len(layers) * 2 >= len(compared):
        yield Reason(f"{len(layers)} of {len(compared)} layers are changed, most of each", 1.5)
    patterns = {pattern for f in changed if (pattern := f.facts.get("pattern"))}
    if len(layers) > 1 and len(patterns) == 1:
        yield Reason(f"the change is the same in all of them: {patterns.pop()}", 1.0)
    if changed and not _everywhere(case, changed) and not any(map(_is_sweep, changed)):
        yield Reason("most files of each layer kept their modes and owners", -1.0)


def _title(changed: list[Finding], own: list[Finding]) -> str:
    if not changed:
        return f"owner or mode of {own[0].subject.path} is not that of the rest of the store"
    facet = changed[0].facts.get("facet", "mode")
    count = sum(f.facts.get("count", 1) for f in changed)
    more = and_more(len(changed))
    return f"the {facet}s of {count} files of layer {changed[0].subject.id[:12]}{more} were changed in one sweep"
