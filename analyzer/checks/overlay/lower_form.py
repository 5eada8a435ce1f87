"""Part of `lower` is not `l/` and a link id.

What it finds
    A `lower` with bytes in it that has an empty part, a newline, NUL bytes among the text, or a part that is not
    `l/` and 26 characters of `A-Z2-7`.

Why it matters
    The driver looks each part up below its home directory; one it cannot find ends the mount with
    `can't stat lower layer`, so that no container on this layer starts.

How sure
    High: the text is in the bundle. A layer made on top of a damaged one repeats the damage in its own `lower`; only
    the layer where it began is reported.

Remedy
    `analyzer plan` writes the exact text, without a newline, while the engines are stopped; nothing is removed.

Engine source
    containers/storage drivers/overlay/overlay.go: getLower, get.
"""

from __future__ import annotations

from analyzer.capture.text_mode import line_ends
from analyzer.checks.absence import CHANGED, weigh
from analyzer.checks.overlay.lowers import Lowers, lowers_of
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.overlay import LINK_ID, lower_ids, text_of

FORM = "l/<26 characters of A-Z2-7>, parted by colons, no newline"
SHOWN = 120


@rule(
    "OVL-008",
    severity=ERROR,
    needs=(Need.OVERLAY, Need.LAYER_RECORDS),
    says="lower of layer {layer} has {seen}; it should hold {expected}; needed by {needed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge the form of every `lower` of a layer that has a record."""
    lowers: Lowers | None = None
    changed = line_ends(view.store)
    for directory in view.store.home.layers.values():
        text = text_of(directory.lower)
        if not text or not text.strip("\0") or lower_ids(text) or directory.name not in view.rel.layers:
            continue
        lowers = lowers or lowers_of(view.rel)
        if lowers.inherited(directory.name, text):
            continue
        expected, seen = lowers.text_for(directory.name), _seen(text)
        severity = lowers.severity(directory)
        weight = weigh(changed, severity, f"{directory.path}/lower has {seen}", either=CHANGED)
        yield this.found(
            view.layer(directory.name, directory.path),
            [(Where(f"{directory.path}/lower"), expected or FORM, repr(text[:SHOWN]))],
            **(weight or {}),
            **users_of(view, [directory.name]).facts,
            seen=seen,
            expected=f"`{expected}`" if expected else FORM,
            lower_should_be=expected,
            unsynced="\0" in text,
        )


def _seen(text: str) -> str:
    """Return the first thing wrong with the text in words."""
    if "\0" in text:
        return f"{text.count(chr(0))} NUL bytes among its {len(text)}"
    if "\n" in text or "\r" in text:
        return "a line break"
    parts = text.split(":")
    for number, part in enumerate(parts, 1):
        if not part:
            return f"an empty part {number} of {len(parts)}"
        if not part.startswith("l/") or not LINK_ID.fullmatch(part.removeprefix("l/")):
            return f"{part[:SHOWN]!r} as part {number} of {len(parts)}"
    return "another form"
