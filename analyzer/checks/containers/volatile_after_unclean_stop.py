"""Volatile containers are left after an unclean stop of CRI-O.

What it finds
    Containers recorded in `volatile-containers.json` on a node whose CRI-O markers say that it was not stopped in
    order (STO-017).

Why it matters
    CRI-O makes all its containers volatile; their two index files are never flushed. After a crash or a reboot an
    old, short or empty volatile file is the expected picture, and CRI-O gives these containers up at its next start,
    undamaged ones too. Loss of them is no sign of damage to images.

How sure
    Low: on a node that was running when the bundle was made the markers look the same.

Remedy
    None; the kubelet makes the pods again.

Engine source
    containers/storage containers.go: saveFor; CRI-O internal/lib/container_server.go.
"""

from __future__ import annotations

from analyzer.checks.engine.unclean_stop import unclean_marker
from analyzer.checks.rule import INFO, LOW, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.store.index_files import SHOWN


@rule(
    "CTR-011",
    severity=INFO,
    needs=(Need.HOST, Need.WHOLE_ARCHIVE, Need.CONTAINER_RECORDS),
    says=(
        "{path}, which is never flushed to disk, records {count:container}; CRI-O was not shut down cleanly and"
        " will not restore them after a reboot"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Count volatile container records where the markers tell of an unclean stop."""
    marker = unclean_marker(view)
    volatile = [container for container in view.store.containers if container.volatile]
    if not marker or not volatile:
        return
    path = volatile[0].where.path
    yield this.found(
        view.file(path),
        [
            (Where(marker), "clean.shutdown beside it", "clean.shutdown.supported alone"),
            *((container.where, "a record that survives", "volatile") for container in volatile[:SHOWN]),
        ],
        confidence=LOW,
        path=path,
        count=len(volatile),
        containers=[container.id for container in volatile],
    )
