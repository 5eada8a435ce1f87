"""CRI-O was not shut down cleanly.

What it finds
    The marker `clean.shutdown.supported` of CRI-O without `clean.shutdown` beside it.

Why it matters
    CRI-O removes `clean.shutdown` when it starts and writes it, after flushing the graph root, when it stops in order.
    Without it the next start takes the store for suspect: with `internal_repair` (on by default since 1.31) it checks
    and repairs, which only deletes, and it removes the *whole graph root*, podman's data included, if the check or
    one repair step fails. After a reboot `crio wipe` removes the whole graph root of such a node, damaged or not.

How sure
    Low by itself: on a running node the markers always look like this. It says something where the engine was
    stopped before the capture; layers that were mounted in the bundle tell of a running node, and then nothing is said.

Remedy
    Know it before CRI-O starts. To keep the store, copy it first, or set `internal_repair = false` and
    `internal_wipe = false` in crio.conf, and let the kubelet's node be drained.

Engine source
    CRI-O internal/lib/container_server.go, server/server.go: clean shutdown; cmd/crio/wipe.go.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, LOW, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.store import GRAPH_ROOT

SUPPORTED = "var/lib/crio/clean.shutdown.supported"


@rule(
    "STO-017",
    severity=INFO,
    needs=(Need.HOST, Need.WHOLE_ARCHIVE),
    says=(
        "{path} exists but clean.shutdown does not: CRI-O was running, or was not shut down cleanly; its next "
        "start may check, repair or wipe this graph root"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Read CRI-O's markers, once for each graph root."""
    marker = unclean_marker(view)
    if not marker or view.store.role != GRAPH_ROOT:
        return
    absent = marker.removesuffix(".supported")
    yield this.found(
        view.file(absent),
        [(Where(marker), "clean.shutdown beside it", "no such file")],
        confidence=LOW,
        path=marker,
        unclean=True,
    )


def unclean_marker(view: StoreView) -> str:
    """Return the path of a marker that tells of an unclean stop, `""` when there is none or the node was running."""
    host = view.snapshot.host
    supported = host.find(SUPPORTED)
    if supported is None or supported.path.removesuffix(".supported") in host.files:
        return ""
    running = any(layer.mounted for store in view.snapshot.stores for layer in store.home.layers.values())
    return "" if running else supported.path
