"""Store that the configuration names is not in the bundle.

What it finds
    An `imagestore` or an `additionalimagestores` path of the captured storage.conf that the bundle doesn't hold.

Why it matters
    Layers and images that live there look missing from here. Rules that would call them missing are skipped for this
    store, and the list of skipped rules says so. On the node itself an absent additional store is fatal: `overlay:
    can't stat imageStore dir …`; this can't be told from a bundle that left it out.

How sure
    High that the bundle lacks it. Where the bundle holds the directory that it should lie in, the verdict is left open:
    it may be gone on the node. Otherwise nothing is said of the node.

Remedy
    Capture these directories too.

Engine source
    containers/storage store.go: load; drivers/overlay/overlay.go: parseOptions.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.node.storage_conf import conf_for, storage_confs
from analyzer.snapshot.store import GRAPH_ROOT


@rule(
    "STO-011",
    severity=INFO,
    needs=(Need.HOST,),
    says="storage.conf names the stores {stores}, which are not in the bundle: what they hold cannot be judged",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Name the configured stores that were left out, once for each graph root."""
    if view.store.role != GRAPH_ROOT or not view.unseen_stores:
        return
    gone = sorted(path for path in set(view.unseen_stores) if _parent_captured(view, path))
    doubt = (
        f"{gone[0]}, a store that storage.conf names, is not there: removed, or left out of the capture" if gone else ""
    )
    files = [path for path, _ in view.snapshot.host.texts() if path.rpartition("/")[2].startswith("storage")]
    stores = sorted(set(view.unseen_stores))
    yield this.found(
        view.store_subject(),
        [(Where(files[0]), f"the tree of {path}", "not in the bundle") for path in stores],
        stores=", ".join(stores),
        doubt=doubt,
    )


def _parent_captured(view: StoreView, path: str) -> bool:
    """Tell whether the bundle holds the directory in which a path of the node lies, for a bundle of the host's root."""
    conf = conf_for(view.store.root, storage_confs(view.snapshot.host))
    top, found, _ = conf.path.rpartition("etc/containers/storage.conf") if conf is not None else ("", "", "")
    parent = path.strip("/").rpartition("/")[0]
    return bool(found and parent) and f"{top}{parent}" in view.snapshot.folders
