"""An engine failed to list when the bundle was made.

What it finds
    An error in captured output of `podman images`, `podman ps`, `podman info`, `crictl images` and the like.

Why it matters
    These commands succeed on a sound store. The error is what the engine itself found, also where the bundle has too
    little of the store to see it, and it often names the image or layer at fault.

How sure
    High where the message is one that damage of a store makes; other messages are only information. Errors of
    connections and options are left out.

Remedy
    `analyzer why BUNDLE MESSAGE` explains the message; the causes of this report that stand on the same object come
    first.

Engine source
    The messages of containers/storage, containers/image, libpod and CRI-O, as the catalogue of messages has them.
"""

from __future__ import annotations

import re

from analyzer.checks.rule import (
    ERROR,
    HIGH,
    INFO,
    MEDIUM,
    Findings,
    Need,
    Rule,
    StoreView,
    Subject,
    Where,
    rule,
)
from analyzer.signatures.match import match
from analyzer.signatures.text import prepare
from analyzer.snapshot.node.engine_output import Said, engine_errors
from analyzer.snapshot.store import GRAPH_ROOT

ID = re.compile(r"\b[0-9a-f]{64}\b")
SHOWN = 300
FAILED = ("Error:", "FATA[", "panic:")
"""Beginnings of the line with which a command ends that failed."""


@rule(
    "HST-006",
    severity=ERROR,
    needs=(Need.HOST,),
    says="`{command}` failed when the bundle was made: {text}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Report each error once, at the object that it names."""
    if view.store.role != GRAPH_ROOT or view.store.group != 0:
        return
    seen: set[str] = set()
    for said in engine_errors(view.snapshot.host):
        found = match(prepare(said.text))
        if not found and not said.text.startswith(FAILED):
            continue
        ids = list(dict.fromkeys(ID.findall(said.text)))
        key = f"{found[0].behaviour.id if found else said.text} {ids[:1]}"
        if key in seen:
            continue
        seen.add(key)
        yield this.found(
            _subject(view, said, ids),
            [(Where(said.path, str(said.line)), "a listing", said.text[:SHOWN])],
            severity=ERROR if found else INFO,
            confidence=HIGH if found else MEDIUM,
            variant=key,
            command=said.command,
            text=said.text[:SHOWN],
            behaviours=list(dict.fromkeys(each.behaviour.id for each in found)),
            ids=ids,
        )


def _subject(view: StoreView, said: Said, ids: list[str]) -> Subject:
    for key in ids:
        if (image := view.rel.images.get(key)) is not None:
            return view.image(image)
        if key in view.rel.layers:
            return view.layer(key)
        if (container := view.rel.containers.get(key)) is not None:
            return view.container(container)
    if ids:
        kind = "layer" if f"layer {ids[0]}" in said.text or f'layer with ID "{ids[0]}' in said.text else "image"
        return Subject(kind, ids[0], said.path)
    return view.store_subject()
