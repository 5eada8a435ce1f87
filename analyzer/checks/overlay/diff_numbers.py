"""Numbered diff directories have a gap.

What it finds
    A layer with `diffN` where `diff(N-1)` is missing.

Why it matters
    After a change of id maps, older diff directories stay below `diff` as `diff1`, `diff2`, …. The driver counts them
    from 1 and stops at the first gap: what lies in the later ones is not mounted, and files are missing without a
    message.

How sure
    High: the bundle was read whole.

Remedy
    `analyzer plan` restores the layer's files from a new pull of the image; no image or container is removed. A layer
    built here that no registry has can only come from a backup.

Engine source
    containers/storage drivers/overlay/overlay.go: get, redirectDiffIfAdditionalLayer.
"""

from __future__ import annotations

import re

from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of

NUMBERED = re.compile(r"diff([1-9]\d{0,8})")


@rule(
    "OVL-018",
    severity=ERROR,
    needs=(Need.OVERLAY, Need.LAYER_RECORDS),
    says="layer {layer} has {last} but no {gap}: the driver does not mount {last}; needed by {needed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for a gap in the numbered diff directories of every layer that has a record."""
    for directory in view.store.home.layers.values():
        if directory.name not in view.rel.layers:
            continue
        names = {*directory.entries, *directory.tables}
        numbers = sorted(int(match.group(1)) for match in map(NUMBERED.fullmatch, names) if match)
        gap = next((want for want, have in enumerate(numbers, 1) if want != have), None)
        if gap is None:
            continue
        yield this.found(
            view.layer(directory.name, directory.path),
            [(Where(f"{directory.path}/diff{gap}"), f"a directory, as there is diff{numbers[-1]}", "absent")],
            **users_of(view, [directory.name]).facts,
            gap=f"diff{gap}",
            last=f"diff{numbers[-1]}",
        )
