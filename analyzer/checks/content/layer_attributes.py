"""Extended attributes in a layer differ from its tar.

What it finds
    Three things, each one finding a layer: a directory whose tar entry `.wh..wh..opq` called for an opaque mark and
    that has none (or one that has a mark nobody called for); a file that lost, or has another, `security.capability`
    or `user.*` attribute; a file with a capability, redirect or metacopy attribute that its tar does not have.

Why it matters
    Without the opaque mark, files that the image deleted reappear from the layers below. Without its capability, a
    program such as ping fails with `Operation not permitted`. A foreign capability raises the rights of a program in
    every container on the layer. No engine check looks at attributes.

How sure
    High where the bundle keeps attributes of the kind in question. Where it keeps none at all the rule is skipped;
    where it keeps some but none of this kind, the capture or a copy may have dropped them: then `info`.

Remedy
    `analyzer plan` puts modes, owners, capabilities and opaque marks back from the tar-split, without a pull. A
    store that was copied needs `tar --xattrs --xattrs-include='*'` or `rsync -X` on both sides.

Engine source
    containers/storage pkg/archive: overlayWhiteoutConverter.ConvertRead, createTarFile.
"""

from __future__ import annotations

from analyzer.checks.content.finding_facts import common, evidence, left_open, subject
from analyzer.checks.rule import ERROR, INFO, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.verify.facts import ATTRIBUTE, MARK, OPAQUE, Difference

UNSURE = "layer {layer} has no opaque marks in the bundle: {what}"
DOUBT = (
    "opaque marks of {total} directories of layer {layer} are absent: lost, or not read by the capture, which has no"
    " attribute `trusted.` at all"
)
JOINED = "attributes of layer {layer} are those of files that are joined with them: {what}"
EITHER = (
    "attributes of {total} files of layer {layer} came with hard links over layers: on the node, or in a copy of it"
)


@rule(
    "OVL-022",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS, Need.CONTENT, Need.XATTRS),
    says="extended attributes of layer {layer} differ from its tar: {what}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Tell lost and foreign attributes, each kind one finding a layer."""
    doubtful = 0
    for facts in view.contents.values():
        doubtful += facts.doubts[OPAQUE] + facts.doubts[ATTRIBUTE]
        unsure = facts.left_open(OPAQUE)
        if unsure[0]:
            yield left_open(view, this, facts, unsure, says=UNSURE, doubt=DOUBT)
        joined = facts.left_open(ATTRIBUTE, MARK)
        if joined[0]:
            yield left_open(view, this, facts, joined, says=JOINED, doubt=EITHER)
        for facet in (OPAQUE, ATTRIBUTE, MARK):
            found = facts.of(facet)
            if found:
                yield this.found(
                    subject(view, facts, found),
                    evidence(facts, found),
                    severity=_weight(facet, found),
                    variant=facet,
                    facet=facet,
                    **common(facts, found, facts.count(facet)),
                )
    if doubtful:
        where = Where(view.store.home.path)
        yield this.found(
            view.store_subject(),
            [(where, "opaque marks and capabilities", "no attribute of that kind in the whole bundle")],
            severity=INFO,
            variant="not-kept",
            says="opaque marks and capabilities cannot be checked: the bundle keeps none ({count} expected)",
            count=doubtful,
        )


def _weight(facet: str, found: list[Difference]) -> str:
    if facet == ATTRIBUTE and all("user." in each.expected for each in found):
        return WARNING
    return ERROR
