"""Layer that something needs is flagged incomplete.

What it finds
    A layer record with `flags.incomplete`: the engine sets it before a layer has content and first thing when it
    removes one, and clears it at the end of a pull.

Why it matters
    The next tool that opens the store read-write deletes the layer (`Found incomplete layer "…", deleting it`).
    Images, containers and layers on it break at that moment: CRI-O's listing of images then fails with `layer not
    known`. If the deletion fails, the store does not open; versions of 2024 before storage 1.57 could panic on it.

How sure
    High that the flag is set. Where nothing needs the layer it is the normal picture of a pull or a removal that was
    running when the bundle was made, or was cut short: a warning. In an additional store the engine keeps and uses
    such layers.

Remedy
    Where nothing needs it: none, the next open removes it. Where something does: let no tool open the store;
    `analyzer plan` fetches the layer's files and takes the flag away.

Engine source
    containers/storage layers.go: load, create, deleteInternal.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.store import ADDITIONAL
from analyzer.words import plural

BREAKS = "layer {layer} is flagged incomplete: the next read-write open deletes it, which breaks {needed}"
HARMLESS = "layer {layer} is flagged incomplete and nothing needs it: a pull or a removal that was running or cut short"


@rule("LAY-004", severity=ERROR, needs=(Need.LAYER_RECORDS,), says=BREAKS)
def check(view: StoreView, this: Rule) -> Findings:
    """Report every layer of this store that is flagged incomplete."""
    for record in view.layer_records:
        if not record.incomplete:
            continue
        users = users_of(view, [record.id])
        children = [child for child in view.rel.children.get(record.id, ()) if not view.rel.layers[child].incomplete]
        breaks = bool(users or children)
        needed = users.words if users else f"{plural(len(children), 'layer')} on it"
        yield this.found(
            view.layer(record.id),
            [
                (
                    record.where.field("flags/incomplete"),
                    "no such flag on a layer that is needed",
                    "true",
                )
            ],
            severity=ERROR if breaks and view.store.role != ADDITIONAL else WARNING,
            says=BREAKS if breaks else HARMLESS,
            layer=record.id,
            layers=[record.id],
            children=sorted(children),
            images=users.images,
            containers=users.containers,
            needed=needed,
            in_flight=not breaks,
        )
