"""`lower` does not name the parents in layers.json, or not in their order.

What it finds
    A layer whose well-formed `lower`, followed through the short links, gives another chain than its record's parent,
    that one's parent, and so on.

Why it matters
    Nothing complains. The kernel stacks what `lower` names, while images, sizes and removal go by the records: the
    container runs on the wrong root file system, or lacks files, and a commit or push takes a wrong difference.

How sure
    High that the two disagree. Which of them is right is told where something independent confirms it: the id of a
    pulled layer is a hash over parent and content, and the `lower` files of the layer's children repeat its own as it
    was when they were made. Links that lead nowhere because the layer they belong to is damaged itself are not held
    against this layer; nor are id-mapped copies, whose `lower` begins with the layer they were copied from, layers
    above a missing parent or a parent cycle, and layers that only repeat a fault of their parent.

Remedy
    With the engines stopped, `analyzer plan` writes the text that fits the record, or the record's parent where
    `lower` is right; nothing is removed.

Engine source
    containers/storage drivers/overlay/overlay.go: getLower, get; containers/image storage destination: layer ids.
"""

from __future__ import annotations

from analyzer.checks.overlay.lowers import Lowers, in_words, lowers_of
from analyzer.checks.rule import ERROR, Finding, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.overlay import LayerDirectory, lower_ids, text_of

VERDICT = {
    "record": "its id or its children's lower files prove the record right",
    "lower": "its id or its children's lower files prove the lower right: the record's parent was changed",
    "": "nothing in the bundle tells which of the two is right",
}


@rule(
    "OVL-009",
    severity=ERROR,
    needs=(Need.OVERLAY, Need.ALL_LAYER_RECORDS),
    says=(
        "lower of layer {layer} leads to {named_words}, but layers.json names {recorded_words}; {verdict}; "
        "without any error the wrong root is mounted for {needed}"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Follow every `lower` and compare it with the recorded chain."""
    lowers = lowers_of(view.rel)
    for directory in view.store.home.layers.values():
        name = directory.name
        text = text_of(directory.lower)
        parts = lower_ids(text) if text else None
        if not parts or name not in view.rel.layers or name in lowers.unjudged or not lowers.below(name):
            continue
        if not lowers.inherited(name, text or "") and not _agrees(lowers, name, parts):
            yield _finding(view, this, lowers, directory, parts)


def _agrees(lowers: Lowers, layer_id: str, parts: list[str]) -> bool:
    """Tell whether the links lead along the recorded chain; at most one step more than there are links is walked."""
    node = lowers.below(layer_id)
    for link in parts:
        if not node:
            return False
        unknown = not lowers.layer_of(link) and node not in lowers.texts
        if not unknown and not lowers.names_layer(link, node):
            return False
        node = lowers.below(node)
    return not node


def _finding(view: StoreView, this: Rule, lowers: Lowers, directory: LayerDirectory, parts: list[str]) -> Finding:
    name = directory.name
    record = view.rel.layers[name]
    recorded = lowers.chain(name)
    named = [lowers.layer_of(link) or f"l/{link}" for link in parts]
    right = lowers.which_is_right(name, parts)
    text = lowers.text_for(name)
    return this.found(
        view.layer(name, directory.path),
        [
            (Where(f"{directory.path}/lower"), text or ", ".join(recorded), ":".join(f"l/{link}" for link in parts)),
            (record.where, f"parent {named[0]}, as lower says", f"parent {record.parent}"),
        ],
        severity=lowers.severity(directory),
        **users_of(view, [name]).facts,
        recorded=recorded,
        named=named,
        recorded_words=in_words(recorded),
        named_words=in_words(named),
        right=right,
        renewed=_renewed(lowers, recorded, parts),
        verdict=VERDICT[right],
        lower_should_be="" if right == "lower" else text,
        parent_should_be=named[0] if right == "lower" else "",
        unsynced=False,
    )


def _renewed(lowers: Lowers, recorded: list[str], parts: list[str]) -> str:
    """Return the one layer of the chain that has another short link than the one named, which no layer has."""
    other = [layer for layer, link in zip(recorded, parts, strict=False) if not lowers.names_layer(link, layer)]
    known = len(recorded) == len(parts) and len(other) == 1 and other[0] in lowers.texts
    return other[0] if known and not lowers.layer_of(parts[recorded.index(other[0])]) else ""
