"""Parent layer has no record.

What it finds
    A layer id that other layers name as their parent and that no layer record of the stores in use has. The subject
    is the missing parent: one finding, however many layers stand on it.

Why it matters
    Nothing above it can be opened: CRI-O's listing of *all* images fails with a bare `layer not known`, Podman leaves
    the images out, containers on it do not start, and `containers-storage check` says `layer is missing` under the
    name of each child. Where the parent's directory survives, only its record is lost; CRI-O since 1.28 deletes such
    a directory at its next start.

How sure
    High where anything of the parent is left (its directory, short link or tar-split), where a layer below it is
    there, where the captured storage.conf names no further store, or where an engine said `layer not known`. Else the
    parent may lie in an additional store or a split image store that is not in the bundle: then it is left open.

Remedy
    Start nothing. `analyzer plan` writes the record again, from configs, `lower` and the tar-split; CRI-O deletes
    the directory before that.

Engine source
    containers/storage layers.go: Lookup, Size; check.go; containers/image storage_image.go: getSize.
"""

from __future__ import annotations

from analyzer.checks.overlay.lowers import Lowers, lowers_of
from analyzer.checks.rule import ERROR, HIGH, INFO, LOW, Finding, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.node.engine_output import engine_errors
from analyzer.snapshot.overlay import lower_ids, text_of
from analyzer.snapshot.store import Store
from analyzer.words import totals

SHOWN = 10
UNKNOWN = "layer not known"
"""What an engine says that has looked into every store it uses."""
DOUBT = "layer {layer} has no record: lost, or in an image store that was not captured (no storage.conf tells)"


@rule(
    "LAY-001",
    severity=ERROR,
    needs=(Need.WHOLE_ARCHIVE, Need.ALL_LAYER_RECORDS),
    says="layer {layer} has no record, but it is the parent of {children_words}; {left}; needed by {needed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look up every parent over all stores that are used together."""
    if view.store is not view.rel.stores[0]:
        return
    lowers: Lowers | None = None
    for parent, children in sorted(view.rel.children.items()):
        if parent in view.rel.layers:
            continue
        lowers = lowers or lowers_of(view.rel)
        yield _finding(view, this, lowers, parent, children)


def _finding(view: StoreView, this: Rule, lowers: Lowers, parent: str, children: list[str]) -> Finding:
    directory = view.rel.directory(parent)
    traces = _traces(view, lowers, parent, children)
    conf = view.snapshot.host.find("etc/containers/storage.conf")
    sure = bool(traces) or conf is not None or any(UNKNOWN in said.text for said in engine_errors(view.snapshot.host))
    if directory is not None:
        left = f"its directory {directory.path} is still there, so only the record is lost"
    elif sure:
        left = "its directory is gone too" if any(s.home.layers for s in view.rel.stores) else "no store has it"
    else:
        left = "nothing of it is in the bundle, so it may lie in an image store that was not captured"
    places = []
    for child in sorted(children)[:SHOWN]:
        where = view.rel.layers[child].where
        pointer = Where(where.path, f"{where.pointer}/parent", where.offset)
        places.append((pointer, f"a record of layer {parent}", "none in any store of the bundle"))
    return this.found(
        view.layer(parent),
        places,
        severity=ERROR if sure else INFO,
        confidence=HIGH if sure else LOW,
        doubt="" if sure else DOUBT.format(layer=parent),
        **users_of(view, [parent]).facts,
        children_words=totals((len(children), "layer")),
        children=sorted(children),
        left=left,
        traces=traces,
        directory=directory.path if directory else "",
    )


def _traces(view: StoreView, lowers: Lowers, parent: str, children: list[str]) -> list[str]:
    """Return what shows that the parent was a layer of these stores: member paths."""
    traces = [directory.path for directory in lowers.directories(parent)]
    traces += [store.tar_splits[parent].path for store in view.rel.stores if parent in store.tar_splits and _own(store)]
    traces += [
        store.home.links[name].path
        for store in view.rel.stores
        for name in lowers.symlinks.get(parent, ())
        if name in store.home.links
    ]
    for child in sorted(children)[:SHOWN]:
        directory = view.rel.directory(child)
        parts = lower_ids(text_of(directory.lower) or "") if directory else None
        if directory and parts and any(lowers.layer_of(link) in view.rel.layers for link in parts[1:]):
            traces.append(f"{directory.path}/lower")
            break
    return traces


def _own(store: Store) -> bool:
    """Tell whether the tar-splits of a store are those of its own layers, not of a split image store's."""
    return any(layer.diff_digest and layer.id in store.tar_splits for layer in store.layers)
