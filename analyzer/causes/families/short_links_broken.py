"""The short links of the overlay driver do not lead where they should.

What happened
    Symlinks in `overlay/l`, or the `link` texts that name them, were removed, doubled, or point to the wrong place: a
    copy that dropped symlinks, a cleaner, a restore over a live store, two engines on one root.

How it shows
    `overlay/l/<link>` is missing, dangling, of another form, or two layers share one. The driver recreates missing
    links at the next mount from the `link` files, unless one directory in its home has no `link`: then it repairs
    nothing.

What speaks against it
    Empty or NUL-filled `link` files together with other unsynced files: that is a power loss.

What to do
    Recreate the symlink exactly. Remove a dangling one that no layer record needs.

Sources
    podman#24900; containers/storage drivers/overlay/overlay.go recreateSymlinks.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Affected, Hypothesis
from analyzer.checks.finding import Finding
from analyzer.words import and_more

PRIOR = -0.3
RULES = ("OVL-001", "OVL-002", "OVL-003", "OVL-004", "OVL-005", "OVL-006")
WEIGHT, FURTHER = 2.5, 1.5


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one cause for all short links of a store that are wrong."""
    wrong = case.written(*RULES)
    if not wrong:
        return
    ordered = case.widest_first(wrong)
    layers = [f.layer for f in ordered]
    broken = [layer for f, layer in zip(ordered, layers, strict=True) if layer in case.rel.layers and _breaks(f)]
    explains = weigh(ordered, WEIGHT, FURTHER)
    moved = [str(name) for f in wrong for name in f.facts.get("others", ())]
    explains.update(dict.fromkeys(case.about(moved, "OVL-013"), FURTHER))
    yield Hypothesis(
        family="short-links-broken",
        title=_title(ordered),
        subjects=subjects_of(ordered),
        explains=explains,
        prior=PRIOR,
        affected=_affected(case, broken),
        would_settle=("how the store was last copied or restored (rsync and cp options)",),
    )


def _affected(case: Case, broken: list[str]) -> Affected:
    """Return what stands on layers with a wrong link; all of the home's where `l` is lost; all where nothing starts."""
    lost = case.of("OVL-006", at_least="warning")
    if any("others" in f.facts for f in lost):
        return case.affected(layers=[name for name, each in case.store.home.layers.items() if each.link_id])
    return case.everything() if lost else case.affected(layers=broken)


def _breaks(finding: Finding) -> bool:
    return finding.rule != "OVL-004"


def _title(findings: list[Finding]) -> str:
    first = findings[0]
    if first.rule == "OVL-006":
        return f"{first.subject.path} is no directory of short links any more: no layer can be found through it"
    layer = first.layer
    if first.rule == "OVL-003" and "layer" not in first.facts:
        return f"the short links in {first.subject.path} all have another form than the driver's"
    more = and_more(len(findings))
    what = {
        "OVL-001": "the link text of layer",
        "OVL-002": "the short link of layer",
        "OVL-003": "a short link in overlay/l for layer",
        "OVL-004": "a short link in overlay/l to layer",
        "OVL-005": "the short links of layer",
    }[first.rule]
    return f"{what} {layer[:12] or first.subject.path}{more} is missing or wrong"
