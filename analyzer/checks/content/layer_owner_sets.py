"""Layer record's uidset or gidset does not match the owners in its headers.

What it finds
    A layer record whose `uidset` or `gidset` is not the set of owners in the layer's own tar headers (whiteouts left
    out).

Why it matters
    The engine sizes automatic user namespaces by these sets. Too small a set gives a container too few ids.

How sure
    High, and of little weight: records of old engines have no sets, and nothing else reads them.

Remedy
    None needed; pulling the image again rewrites the sets.

Engine source
    containers/storage layers.go: applyDiffWithOptions; userns.go: getAutoUserNS.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, Findings, Need, Rule, StoreView, rule


@rule(
    "TSP-012",
    severity=INFO,
    needs=(Need.LAYER_RECORDS,),
    says="the {field} of layer {layer} is {observed}; its tar headers say {expected}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare both sets of every layer that has any."""
    for layer_id, facts in view.contents.items():
        record = facts.record
        if facts.source != "tar-split" or facts.problems or facts.limit or not (record.uidset or record.gidset):
            continue
        for field, has, wanted in (
            ("uidset", record.uidset, facts.owners[0]),
            ("gidset", record.gidset, facts.owners[1]),
        ):
            expected = sorted(owner & 0xFFFFFFFF for owner in wanted)
            if expected == sorted(has):
                continue
            where = record.where.field(field)
            observed, named = str(list(has))[:200], str(expected)[:200]
            yield this.found(
                view.layer(layer_id),
                [(where, named, observed)],
                variant=field,
                layer=layer_id,
                layers=[layer_id],
                field=field,
                expected=named,
                observed=observed,
            )
