"""More than 500 layers lie below a layer.

What it finds
    The layer at which a chain of parents grows longer than 501 layers.

Why it matters
    The overlay driver refuses longer chains with `max depth exceeded`: no container on such a layer starts.

How sure
    High: the records are counted. No engine makes such a layer; the records were edited or come from another one.

Remedy
    Build the image with fewer layers.

Engine source
    containers/storage drivers/overlay/overlay.go: getLower, maxDepth.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, rule
from analyzer.checks.users import users_of

MOST = 500


@rule(
    "LAY-003",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS,),
    says="layer {layer} has {number:layer} below it; the driver accepts {most}; needed by {needed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Count what is below every layer and report where the limit is first passed."""
    if view.store.driver != "overlay":
        return
    for layer, below in _depths(view).items():
        if below != MOST + 1 or view.rel.layer_store[layer] is not view.store:
            continue
        yield this.found(
            view.layer(layer),
            [(view.rel.layers[layer].where, f"at most {MOST} layers below", f"{below}")],
            **users_of(view, [layer]).facts,
            number=below,
            most=MOST,
        )


def _depths(view: StoreView) -> dict[str, int]:
    """Return how many layers each one has below it; layers on or above a cycle are left out."""
    parents = {record.id: record.parent for record in view.rel.layers.values() if record.id}
    depths: dict[str, int] = {}
    for start in parents:
        walk: list[str] = []
        walked: set[str] = set()
        node = start
        while node in parents and node not in depths and node not in walked:
            walk.append(node)
            walked.add(node)
            node = parents[node]
        if node in walked or depths.get(node, 0) < 0:
            depths.update(dict.fromkeys(walk, -1))
            continue
        below = depths[node] + 1 if node in depths else int(bool(node))
        for layer in reversed(walk):
            depths[layer] = below
            below += 1
    return {layer: depth for layer, depth in depths.items() if depth >= 0}
