"""`lower-layers` does not name the parents in layers.json.

What it finds
    A `lower-layers` that is empty, NUL-filled, or names other layers, or in another order, than the record's parent,
    that one's parent, and so on; one in a base layer.

Why it matters
    Engines that know the file (containers/storage since 1.63, Podman 6.0) stack the layers it names and read neither
    `lower` nor the short links: the mount fails with `can't stat (or find?) lower layer`, or, without any error, the
    container runs on the wrong root file system. Older engines do not read it.

How sure
    High: the ids are in the bundle. A layer made on a damaged one repeats its text and is not reported again; nor are
    layers above a missing parent or a parent cycle.

Remedy
    With the engines stopped, write the text that the finding states, without a newline. Or move the file out of the
    store: engines then follow `lower`.

Engine source
    containers/storage drivers/overlay/overlay.go: create, getLowerLayerIDs, get.
"""

from __future__ import annotations

from analyzer.checks.overlay.lowers import Lowers, in_words, lowers_of
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.overlay import text_of

NOTHING = "nothing, as the record has no parent"


@rule(
    "OVL-028",
    severity=ERROR,
    needs=(Need.OVERLAY, Need.ALL_LAYER_RECORDS),
    says="lower-layers of layer {layer} {seen}, but layers.json names {expected}; needed by {needed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare every `lower-layers` with the recorded chain."""
    lowers: Lowers | None = None
    for directory in view.store.home.layers.values():
        name, text = directory.name, text_of(directory.lower_layers)
        if text is None or name not in view.rel.layers:
            continue
        lowers = lowers or lowers_of(view.rel)
        if name in lowers.unjudged or lowers.by_id(directory) or _repeats(lowers, name, text):
            continue
        chain = lowers.chain(name)
        yield this.found(
            view.layer(name, directory.path),
            [(Where(f"{directory.path}/lower-layers"), ":".join(chain) or NOTHING, text or "0 bytes")],
            **users_of(view, [name]).facts,
            seen=_seen(text),
            expected=in_words(chain) or NOTHING,
            unsynced=not text.strip("\0"),
        )


def _repeats(lowers: Lowers, name: str, text: str) -> bool:
    """Tell whether the text is what the parent's own file gave when the layer was made."""
    parent = lowers.below(name)
    return any(
        text_of(each.lower_layers) is not None and text == f"{parent}:{text_of(each.lower_layers)}"
        for each in lowers.directories(parent)
    )


def _seen(text: str) -> str:
    if not text:
        return "is empty"
    return f"names {in_words(text.split(':'))}" if text.strip("\0") else f"is {len(text)} NUL bytes"
