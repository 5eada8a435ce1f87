"""Configured graph driver is not the one that has the data.

What it finds
    A `driver` in the captured storage.conf, or a `storage_driver` in CRI-O's configuration, for this graph root, that
    has no data in it, while another driver has. `overlay2` counts as `overlay`.

Why it matters
    The engine starts without a complaint and sees an empty store: all images and containers seem gone, everything is
    pulled again beside the old data, and the disk fills up.

How sure
    Medium: the captured files may not be the ones the engine read (a command-line option or a user's own file wins).

Remedy
    Set the driver back to the one that has the data and restart the engine. Nothing is lost.

Engine source
    containers/storage drivers/driver.go: New; types/options.go; CRI-O pkg/config: RootConfig.StorageDriver.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, MEDIUM, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.store.configuration import configured_drivers
from analyzer.checks.store.several_drivers import populated
from analyzer.snapshot.store import GRAPH_ROOT

DRIVERS = frozenset({"overlay", "vfs", "btrfs", "zfs", "aufs", "devicemapper"})


@rule(
    "STO-010",
    severity=CRITICAL,
    needs=(Need.HOST, Need.WHOLE_ARCHIVE),
    says=(
        "{path} tells {engine} to use the driver {configured}, which has no data in {root}; {images:image} and "
        "{containers:container} there belong to {driver} and are invisible"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare the configuration of each engine with the drivers that have data below this root."""
    store = view.store
    if store.role != GRAPH_ROOT or not (store.images or store.containers):
        return
    used = {other.driver for other in view.snapshot.stores if other.root == store.root and populated(other)}
    for configured in configured_drivers(view):
        if configured.driver in used or configured.driver not in DRIVERS:
            continue
        yield this.found(
            view.file(configured.path),
            [(Where(configured.path), f"driver {store.driver}", f"driver {configured.driver}")],
            confidence=MEDIUM,
            variant=configured.engine,
            path=configured.path,
            engine=configured.engine,
            configured=configured.driver,
            driver=store.driver,
            root=store.root or ".",
            images=len(store.images),
            containers=len(store.containers),
        )
