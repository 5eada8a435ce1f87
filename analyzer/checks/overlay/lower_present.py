"""Layer on a parent has no `lower`, or a base layer has one.

What it finds
    A layer with a parent whose `lower` is missing, empty or NUL-filled; a base layer with a `lower`.

Why it matters
    Without `lower` the driver takes the layer for a base layer and mounts it over `<id>/empty`, which only base layers
    have: `creating overlay mount to …: no such file or directory`. Where that directory exists, the layer mounts with
    all its parents silently absent. A `lower` on a layer whose record has no parent means that one of the two was
    changed.

How sure
    High: the files are in the bundle. Empty and NUL-filled are the marks of a power cut, since the engine writes
    `lower` without fsync. A layer made on top of a damaged one repeats its text and is not reported again, and an
    id-mapped copy of a base layer has a `lower` by right.

Remedy
    `analyzer plan` writes the exact text, without a newline, while the engines are stopped; nothing is removed. It
    is the parent's link, then the parent's own `lower`.

Engine source
    containers/storage drivers/overlay/overlay.go: create, getLower, get.
"""

from __future__ import annotations

from typing import Any

from analyzer.capture.answer import Answer, Removed
from analyzer.checks.absence import weigh
from analyzer.checks.overlay.lowers import Lowers, lowers_of
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.overlay import LayerDirectory, lower_ids, text_of
from analyzer.source.member import FILE

ON_PARENT = (
    "lower of layer {layer} is {seen}, but its parent is {parent}; it should hold {expected}; needed by {needed}"
)
ON_NOTHING = "layer {layer} has no parent by its record, yet its lower names {named}{verdict}; needed by {needed}"
SEEN = Removed(None, "its content is in the bundle")


@rule("OVL-007", severity=ERROR, needs=(Need.OVERLAY, Need.LAYER_RECORDS), says=ON_PARENT)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge presence of `lower` for every layer directory that has a record."""
    home = view.store.home
    lowers = lowers_of(view.rel)
    recorded = [each for each in home.layers.values() if each.name in view.rel.layers]
    stacked = [each for each in recorded if each.lower is None and lowers.below(each.name)]
    lost = view.capture.lacking(view.store, "lower", stacked)
    for directory in home.layers.values():
        record = view.rel.layers.get(directory.name)
        if record is None:
            continue
        if lowers.below(directory.name):
            yield from _lower_lost(view, this, lowers, directory, record, lost.get(directory.name, SEEN))
        elif directory.lower is not None and not record.parent:
            yield from _lower_too_much(view, this, lowers, directory, record)


def _lower_lost(
    view: StoreView, this: Rule, lowers: Lowers, directory: LayerDirectory, record: LayerRecord, answer: Answer
) -> Findings:
    file = directory.lower
    if file is None:
        seen = "" if record.incomplete else "missing"
    elif file.data == b"":
        seen = "empty (0 bytes)"
    elif file.zeroed:
        seen = f"{file.member.size} NUL bytes"
    else:
        seen = file.reason if file.data is None and file.member.kind != FILE else ""
    weight = weigh(answer, lowers.severity(directory), f"{directory.path} has no lower")
    if not seen or weight is None:
        return
    text = lowers.text_for(directory.name)
    yield this.found(
        view.layer(directory.name, directory.path),
        [
            (Where(f"{directory.path}/lower"), text or "l/<parent's link>:<parent's lower>", seen),
            (record.where, "a layer on a parent has a lower", f"parent {record.parent}"),
        ],
        variant="lost",
        seen=seen,
        parent=record.parent,
        expected=f"`{text}`" if text else "the parent's link, then the parent's lower",
        lower_should_be=text,
        unsynced=file is not None and (file.data == b"" or file.zeroed),
        **weight,
        **_users(view, directory.name),
    )


def _lower_too_much(
    view: StoreView, this: Rule, lowers: Lowers, directory: LayerDirectory, record: LayerRecord
) -> Findings:
    text = text_of(directory.lower)
    if text is None or not text.strip("\0"):
        return
    parts = lower_ids(text)
    named = [lowers.layer_of(part) or part for part in parts] if parts else [repr(text[:80])]
    right = lowers.which_is_right(directory.name, parts) if parts else ""
    verdict = {"record": "; its id proves the record right", "lower": "; its id proves the lower right"}.get(right, "")
    yield this.found(
        view.layer(directory.name, directory.path),
        [
            (Where(f"{directory.path}/lower"), "no lower, as the record has no parent", text[:200]),
            (record.where, f"parent {named[0]}, as lower says", "no parent"),
        ],
        variant="base",
        says=ON_NOTHING,
        named=named[0],
        verdict=verdict,
        right=right,
        parent_should_be=named[0] if right == "lower" else "",
        unsynced=False,
        **_users(view, directory.name),
    )


def _users(view: StoreView, layer_id: str) -> dict[str, Any]:
    users = users_of(view, [layer_id])
    return {
        "layer": layer_id,
        "layers": [layer_id],
        "images": users.images,
        "containers": users.containers,
        "needed": users.words,
    }
