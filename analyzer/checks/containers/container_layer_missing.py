"""Writable layer of a container has no record.

What it finds
    A container whose `layer` has no record in the layers files of its graph root. The layer is the subject; the
    container that lost it, and whether the layer's directory is still there, are said with it.

Why it matters
    The container can't be mounted, started or committed: `layer not known`. Removing it still works. If the directory
    `overlay/<layer>` is still there, what the container wrote is still in its `diff`, and the next start of CRI-O
    deletes it, because no record accounts for it.

How sure
    High: a writable layer is recorded in the graph root of its container and nowhere else, in `layers.json` or, of a
    throw-away container, in `volatile-layers.json`. Where that file may have been left out of the bundle, nothing is
    said, and where it is empty the file is at fault (STO-002).

Remedy
    `analyzer plan` gives the container a layer that fits and belongs to nobody, else an empty one, so that the
    container stays; what it wrote is lost with its directory. Save `overlay/<layer>/diff` first if it is there.

Engine source
    containers/storage store.go: Mount, DeleteContainer; check.go doesn't look at this.
"""

from __future__ import annotations

from collections.abc import Callable

from analyzer.checks.rule import ERROR, Finding, Findings, Need, Rule, StoreView, Subject, rule
from analyzer.checks.store.index_emptied import lost_with_absent_file
from analyzer.checks.store.index_files import SHOWN, half_unseen
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.digests import HEX_ID


@rule(
    "CTR-001",
    severity=ERROR,
    needs=(Need.CONTAINER_RECORDS, Need.LAYER_RECORDS),
    says="container {name} needs layer {layer}, which has no record; its directory is {directory}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look every container's layer up in the layer records of the store; one finding a missing layer."""
    missing: dict[str, list[ContainerRecord]] = {}
    explained = {volatile: _explained(view, volatile=volatile) for volatile in (False, True)}
    for container in view.store.containers:
        if container.layer not in view.rel.layers and not explained[container.volatile](container.layer):
            missing.setdefault(container.layer, []).append(container)
    for layer_id, containers in missing.items():
        if layer_id:
            yield _finding(view, this, layer_id, containers)
        else:
            for container in containers:
                yield _finding(view, this, "", [container])


def _finding(view: StoreView, this: Rule, layer_id: str, containers: list[ContainerRecord]) -> Finding:
    first = containers[0]
    found = view.rel.directory(layer_id) if layer_id else None
    return this.found(
        _subject(view, layer_id, first),
        [(each.where.field("layer"), "a layer with a record", layer_id or "empty") for each in containers[:SHOWN]],
        layer=layer_id or "(none)",
        name=first.name or first.id,
        directory=f"still there ({found.path})" if found else "gone or not in the bundle",
        directory_present=found is not None,
        layers=[layer_id] if layer_id else [],
        containers=sorted({container.id for container in containers}),
    )


def _subject(view: StoreView, layer_id: str, container: ContainerRecord) -> Subject:
    if HEX_ID.fullmatch(layer_id):
        return Subject("layer", layer_id, view.layer(layer_id).path, (container.name,) if container.name else ())
    return view.container(container) if HEX_ID.fullmatch(container.id) else view.file(container.where.path)


def _explained(view: StoreView, *, volatile: bool) -> Callable[[str], bool]:
    """Tell of a layer whether its record may lie in a file that was not captured, or was lost with a file."""
    name = "volatile-layers.json" if volatile else "layers.json"
    document = view.store.document("layers", name)
    if (document is None and half_unseen(view, "layers")) or (document is not None and document.empty):
        return lambda _: True
    lost = lost_with_absent_file(view, "layers", name) if document is None else set()
    return lost.__contains__
