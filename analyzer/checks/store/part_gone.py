"""Directory of a store's images, layers or containers is gone.

What it finds
    `overlay-containers`, `overlay-images` or `overlay-layers` (of any driver) that is not in the graph root, while
    something else says that there was something in it: read-write layers that no container owns, images that containers
    name, finished layers beside no image at all, layers that images name.

Why it matters
    The engine recreates the directory and starts with an empty list: it knows none of these containers, images or
    layers, and its garbage collection deletes what is left of them.

How sure
    High where the time of the graph root itself says that it was changed after everything else. Where it does not, the
    capture may have left the directory out: that is told as information, and the verdict is left open.

Remedy
    Let no engine start. Restore the directory from a backup, or rebuild its index from what is left.

Engine source
    containers/storage store.go: load; containers.go, images.go, layers.go: Load takes an absent file for an empty list.
"""

from __future__ import annotations

from analyzer.capture.answer import Removed
from analyzer.capture.aside import part_elsewhere
from analyzer.checks.absence import weigh
from analyzer.checks.rule import CRITICAL, ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.store import ADDITIONAL, GRAPH_ROOT, IMAGE_STORE, RUN_ROOT
from analyzer.words import plural

HOLDERS = {
    "layers": (GRAPH_ROOT, IMAGE_STORE, ADDITIONAL, RUN_ROOT),
    "images": (GRAPH_ROOT, ADDITIONAL),
    "containers": (GRAPH_ROOT,),
}
"""Which stores have a directory of a part; a split store's images are seen in the graph root or in the image store."""


@rule(
    "STO-022",
    severity=CRITICAL,
    needs=(Need.WHOLE_ARCHIVE,),
    says="{path} is gone, but {left}: the engine no longer knows any {part}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for the three directories of a store."""
    store = view.store
    if not store.part_dirs:
        return
    for part, traces in (("containers", _containers(view)), ("images", _images(view)), ("layers", _layers(view))):
        if part in store.seen or not traces or store.role not in HOLDERS[part]:
            continue
        path = store.part_path(part)
        severity = ERROR if part == "containers" else CRITICAL
        aside = part_elsewhere(view.snapshot, store, part)
        answer = Removed(None, f"{aside} is there") if aside else view.capture.part(store, part)
        weight = weigh(answer, severity, f"{path} is not in the bundle")
        if weight is None:
            continue
        containers = _known_containers(view) if part == "containers" else []
        trace = plural(len(traces), "image" if part == "images" and traces.isdisjoint(view.rel.layers) else "layer")
        yield this.found(
            view.file(path),
            [(Where(path), f"the directory of {part}", "absent"), (Where(path), trace, min(traces))],
            variant=part,
            path=path,
            part=part,
            aside=aside,
            left=f"{trace} {'is' if len(traces) == 1 else 'are'} still there",
            traces=sorted(traces),
            containers=containers,
            **weight,
        )


def _containers(view: StoreView) -> set[str]:
    """Return read-write layers that no container owns: no digest, no child, in no image."""
    rel = view.rel
    return {
        layer.id
        for layer in view.store.layers
        if not (layer.diff_digest or layer.toc_digest or layer.incomplete)
        and layer.id not in rel.owner_of
        and layer.id not in rel.images_on
        and layer.id not in rel.children
    }


def _images(view: StoreView) -> set[str]:
    """Return images that containers name, else finished layers, which were some image's."""
    named = {container.image for container in view.store.containers} - view.rel.images.keys() - {""}
    return named or {layer.id for layer in view.store.layers if layer.diff_digest or layer.toc_digest}


def _layers(view: StoreView) -> set[str]:
    return {image.layer for image in view.store.images if image.layer} - view.rel.layers.keys()


def _known_containers(view: StoreView) -> list[str]:
    """Return the containers that podman's own database has."""
    return sorted(view.store.libpod[0].containers) if view.store.libpod else []
